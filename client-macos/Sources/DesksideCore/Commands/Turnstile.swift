/// Lets one through at a time, in the order of arrival.
actor Turnstile {
    private var isTaken = false
    private var next = 0
    private var waiting: [(place: Int, continuation: CheckedContinuation<Bool, Never>)] = []

    /// Throws when the caller is cancelled while it waits; then there is nothing to leave.
    func enter() async throws(CancellationError) {
        guard !Task.isCancelled else { throw CancellationError() }
        guard isTaken else {
            isTaken = true
            return
        }
        next += 1
        let place = next
        let isAdmitted = await withTaskCancellationHandler {
            await withCheckedContinuation { waiting.append((place, $0)) }
        } onCancel: {
            Task { await self.abandon(place) }
        }
        guard isAdmitted else { throw CancellationError() }
    }

    func leave() {
        if waiting.isEmpty { isTaken = false } else { waiting.removeFirst().continuation.resume(returning: true) }
    }

    private func abandon(_ place: Int) {
        guard let index = waiting.firstIndex(where: { $0.place == place }) else { return }
        waiting.remove(at: index).continuation.resume(returning: false)
    }
}
