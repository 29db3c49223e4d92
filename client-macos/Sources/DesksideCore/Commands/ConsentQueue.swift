/// Asks one question at a time, in the order in which they came up.
public actor ConsentQueue {
    private let prompt: ConsentPrompt
    private let turnstile = Turnstile()
    private var isStatusAllowed = false

    public init(prompt: ConsentPrompt) {
        self.prompt = prompt
    }

    /// Whether the person agrees. Throws when the caller is cancelled: what it asked for has expired.
    func isGranted(_ request: ConsentRequest) async throws -> Bool {
        if isRemembered(request) { return true }
        try await turnstile.enter()
        // It may have been remembered while this one waited.
        let decision = isRemembered(request) ? .approved : await prompt.ask(request)
        await turnstile.leave()
        try Task.checkCancellation()
        if decision == .approvedForSession, request.mayBeRemembered { isStatusAllowed = true }
        return decision != .declined
    }

    /// Asks about the status again from now on.
    public func forget() {
        isStatusAllowed = false
    }

    public var remembersStatus: Bool { isStatusAllowed }

    private func isRemembered(_ request: ConsentRequest) -> Bool {
        request.mayBeRemembered && isStatusAllowed
    }
}
