import Foundation
import Observation

/// What the chat window shows.
@MainActor @Observable public final class ChatModel {
    public var draft = ""
    public private(set) var exchanges: [Exchange] = []
    public private(set) var connection = ConnectionState.idle
    public private(set) var isSigningIn = false
    /// Why the last thing the person asked for did not happen; shown until the next one.
    public private(set) var problem: Problem?

    private let service: ChatService
    private let newID: () -> String

    public struct Problem: Sendable, Equatable {
        public let text: String
        public let advice: String?
    }

    public init(service: ChatService, newID: @escaping () -> String = { UUID().uuidString.lowercased() }) {
        self.service = service
        self.newID = newID
    }

    /// Follows a connection until it ends.
    public func follow(_ events: AsyncStream<ConnectionEvent>) async {
        for await event in events { receive(event) }
    }

    public func receive(_ event: ConnectionEvent) {
        switch event {
        case .state(let state):
            connection = state
        case .turn(let event):
            guard let index = exchanges.firstIndex(where: { $0.id == event.requestID }) else { return }
            exchanges[index].apply(event)
        }
    }
}

// MARK: - What it shows

extension ChatModel {
    public var status: ChatStatus {
        if isSigningIn { return .signingIn }
        switch connection {
        case .idle: return .signedOut(.required)
        case .connecting: return .connecting
        case .ready, .renewing: return open.map { .busy(doing: doing($0)) } ?? .ready
        case .waiting(let fault): return .offline(fault)
        case .signedOut(let error): return .signedOut(error)
        case .stopped(let fault): return .unusable(fault)
        }
    }

    /// A prompt can also be sent while there is no connection for the moment: it waits.
    public var canSend: Bool {
        connection.isLive && draft.contains { !$0.isWhitespace }
    }

    public var canClear: Bool { !exchanges.isEmpty }
    public var canSignOut: Bool { connection != .idle && !isSigningIn }

    /// The conversation as Markdown, to copy.
    public var transcript: String {
        exchanges.map { exchange in
            let quoted = exchange.prompt.split(separator: "\n", omittingEmptySubsequences: false).map { "> \($0)" }
            return ([quoted.joined(separator: "\n")] + (exchange.answer.isEmpty ? [] : [exchange.answer]))
                .joined(separator: "\n\n")
        }.joined(separator: "\n\n")
    }

    private var open: Exchange? { exchanges.first { $0.isOpen } }

    private func doing(_ exchange: Exchange) -> String {
        if let step = exchange.currentStep { return step.text + "…" }
        return switch exchange.phase {
        case .queued(1): "Waiting for an earlier message…"
        case .queued(let position) where position > 1: "Waiting for \(position) earlier messages…"
        case .queued, .sending: "Sending…"
        case .working: exchange.answer.isEmpty ? "Thinking…" : "Writing…"
        case .answered, .failed: "Done"
        }
    }
}

// MARK: - What the person does

extension ChatModel {
    public func send() async {
        guard canSend else { return }
        let prompt = draft.trimmingCharacters(in: .whitespacesAndNewlines)
        draft = ""
        if await !ask(prompt, id: newID()) {
            // What was typed is not lost.
            if draft.isEmpty { draft = prompt }
        }
    }

    /// Sends a prompt again that failed in a way that can help.
    public func retry(_ id: Exchange.ID) async {
        guard let index = exchanges.firstIndex(where: { $0.id == id }), exchanges[index].canRetry,
            case .failed(let error) = exchanges[index].phase
        else { return }
        let failed = exchanges.remove(at: index)
        // Where nobody knows whether the agent has it, the same id keeps it from being done twice.
        let id = error.code == .turnUnconfirmed ? failed.id : newID()
        if await !ask(failed.prompt, id: id) {
            exchanges.insert(failed, at: min(index, exchanges.count))
        }
    }

    /// Forgets the conversation, here and for the agent.
    public func clear() async {
        exchanges = []
        problem = nil
        await service.beginConversation()
    }

    public func signIn() async {
        guard !isSigningIn else { return }
        isSigningIn = true
        await attempt { try await $0.signIn() }
        isSigningIn = false
    }

    public func signOut() async {
        await attempt { try await $0.signOut() }
        // The next person is not to read it.
        exchanges = []
        draft = ""
    }

    public func connectNow() async {
        problem = nil
        await service.connectNow()
    }

    public func perform(_ action: ChatAction) async {
        switch action {
        case .signIn: await signIn()
        case .connectNow: await connectNow()
        }
    }

    public func dismissProblem() {
        problem = nil
    }

    private func ask(_ prompt: String, id: String) async -> Bool {
        // Shown before it is sent, so that no event of it comes too early.
        exchanges.append(Exchange(id: id, prompt: prompt))
        let sent = await attempt { try await $0.ask(prompt, id) }
        if !sent { exchanges.removeAll { $0.id == id } }
        return sent
    }

    @discardableResult
    private func attempt(_ work: (ChatService) async throws -> Void) async -> Bool {
        problem = nil
        do {
            try await work(service)
            return true
        } catch SignInError.cancelled {
            // The person's own wish is no problem.
            return false
        } catch {
            let advice = (error as? any LocalizedError)?.recoverySuggestion
            problem = Problem(text: error.localizedDescription, advice: advice)
            return false
        }
    }
}
