import Foundation

/// Takes the server's requests, and sees to it that each is carried out at most once, as the person wishes, and
/// answered exactly once.
public actor RequestDesk {
    private let reader: StatusReader
    private let collector: LogCollector
    private let vpn: VPNSwitch
    private let consent: ConsentQueue
    private let log: SentLog
    private let announce: @Sendable (Announcement) async -> Void
    private let time: TimeSource
    private let policy: CommandPolicy

    private var known: Set<String> = []
    private var knownInOrder: [String] = []
    private var rates: [RiskTier: RateLimit] = [:]
    /// The change under way. A newer one ends it.
    private var change: Task<Announcement?, Never>?

    /// - Parameter announce: tells the person what became of a command.
    public init(
        toolbox: Toolbox, redactor: Redactor, window: VPNWindow, consent: ConsentQueue, log: SentLog,
        announce: @escaping @Sendable (Announcement) async -> Void, time: TimeSource = .continuous
    ) {
        self.init(
            toolbox: toolbox, redactor: redactor, window: window, consent: consent, log: log, announce: announce,
            time: time, policy: CommandPolicy())
    }

    init(
        toolbox: Toolbox, redactor: Redactor, window: VPNWindow, consent: ConsentQueue, log: SentLog,
        announce: @escaping @Sendable (Announcement) async -> Void, time: TimeSource, policy: CommandPolicy
    ) {
        reader = StatusReader(toolbox: toolbox, time: time)
        collector = LogCollector(toolbox: toolbox, redactor: redactor, time: time)
        vpn = VPNSwitch(toolbox: toolbox, reader: reader, window: window, time: time)
        self.consent = consent
        self.log = log
        self.announce = announce
        self.time = time
        self.policy = policy
    }

    public nonisolated func handler() -> RequestHandler {
        RequestHandler { await self.handle($0) }
    }

    /// The reply to send; nil for a command, and for a request that is known.
    public func handle(_ request: MacRequest) async -> Reply? {
        // A long id is not remembered, and so refused each time.
        if request.id.utf8.count <= policy.longestID, !remember(request.id) { return nil }
        var reply = refusal(of: request)
        if reply == nil { reply = await self.reply(to: request) }
        if Task.isCancelled, request.wantsAnswer {
            // Nothing is sent any more. After the next sign-in the server may still wait for it: then it is new.
            forget(request.id)
            return nil
        }
        switch reply {
        case .content(let content): await log.record(.sent(content: content))
        case .refused(let refusal, let message): await log.record(.refused(refusal, message: message))
        case nil: break
        }
        return request.wantsAnswer ? reply ?? .refused(.failed, message: "A newer command took its place.") : nil
    }

    private func remember(_ id: String) -> Bool {
        guard known.insert(id).inserted else { return false }
        knownInOrder.append(id)
        if knownInOrder.count > 2 * policy.rememberedIDs {
            for forgotten in knownInOrder.prefix(policy.rememberedIDs) { known.remove(forgotten) }
            knownInOrder.removeFirst(policy.rememberedIDs)
        }
        return true
    }

    private func forget(_ id: String) {
        known.remove(id)
        knownInOrder.removeAll { $0 == id }
    }

    /// Why a request is not even begun.
    private func refusal(of request: MacRequest) -> Reply? {
        guard (1...policy.longestID).contains(request.id.utf8.count) else {
            return .refused(.failed, message: "The request has no usable id.")
        }
        guard let tier = policy.tier(of: request.task) else {
            return .refused(.failed, message: "This version of the app does not know how to do that.")
        }
        guard policy.budget(for: request) > .zero else { return .expired }
        let now = time.now()
        var rate = rates[tier] ?? RateLimit(perMinute: policy.perMinute[tier] ?? 1, now: now)
        defer { rates[tier] = rate }
        guard rate.admits(at: now) else {
            return .refused(.failed, message: "Too many requests in a minute; this Mac takes no more for now.")
        }
        return nil
    }

    /// Nil for a command that was overtaken by another.
    private func reply(to request: MacRequest) async -> Reply? {
        let budget = policy.budget(for: request)
        let deadline = time.now() + budget
        do {
            switch request.task {
            case .run(let command):
                let granted = try await time.limit(budget) { [consent] in
                    try await consent.isGranted(ConsentRequest(subject: .change(command), expiresAt: deadline))
                }
                guard let granted else { return .expired }
                return granted ? await run(command) : .declined
            case .reportStatus:
                return try await time.limit(budget) { [consent, reader, time] in
                    let request = ConsentRequest(subject: .status, expiresAt: deadline)
                    guard try await consent.isGranted(request) else { return .declined }
                    let left = time.now().duration(to: deadline)
                    return .content(try await reader.status(within: left).content)
                } ?? .expired
            case .collectLogs(let type):
                return try await time.limit(budget) { [consent, collector] in
                    // The other half is the person's, to read it.
                    let log = try await collector.log(type, within: budget / 2)
                    let request = ConsentRequest(subject: .log(log), expiresAt: deadline)
                    return try await consent.isGranted(request) ? .content(log.text) : .declined
                } ?? .expired
            case .unsupported: return nil
            }
        } catch {
            return .refused(for: error)
        }
    }

    private func run(_ command: VPNCommand) async -> Reply? {
        let overtaken = change
        overtaken?.cancel()
        let current = Task { [vpn, announce] () -> Announcement? in
            _ = await overtaken?.value
            do { return try await vpn.run(command, announce: announce) } catch { return nil }
        }
        change = current
        guard let outcome = await current.value else { return nil }
        await log.record(.announced(outcome))
        await announce(outcome)
        return .content(outcome.text)
    }
}

extension Reply {
    fileprivate static let declined = Reply.refused(.declined, message: "The person declined.")
    fileprivate static let expired = Reply.refused(.timedOut, message: "Nobody answered on the Mac in time.")

    /// The text of an error may quote what a program printed: only texts of ours leave the Mac.
    fileprivate static func refused(for error: any Error) -> Reply {
        switch error {
        case ProgramError.missing(let path) where CiscoClient(rawValue: path) != nil:
            .refused(.notInstalled, message: "Cisco Secure Client is not installed on this Mac.")
        case let error as ProgramError: .refused(.failed, message: error.errorDescription ?? "")
        case is CancellationError: .refused(.failed, message: "The app was interrupted.")
        default: .refused(.failed, message: "The Mac could not do this.")
        }
    }
}
