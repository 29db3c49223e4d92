import Foundation
import Observation

/// The question on the screen, if there is one.
@MainActor @Observable
public final class ConsentModel {
    public private(set) var request: ConsentRequest?
    @ObservationIgnored private var continuation: CheckedContinuation<ConsentDecision, Never>?

    public init() {}

    public nonisolated var prompt: ConsentPrompt {
        ConsentPrompt { await self.decision(on: $0) }
    }

    /// Decides the question with that id; one that is gone stays undecided, whatever was clicked.
    public func decide(_ decision: ConsentDecision, on id: ConsentRequest.ID) {
        guard request?.id == id else { return }
        request = nil
        continuation?.resume(returning: decision)
        continuation = nil
    }

    private func decision(on new: ConsentRequest) async -> ConsentDecision {
        guard request == nil, !Task.isCancelled else { return .declined }
        return await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                self.continuation = continuation
                request = new
            }
        } onCancel: {
            Task { @MainActor in decide(.declined, on: new.id) }
        }
    }
}
