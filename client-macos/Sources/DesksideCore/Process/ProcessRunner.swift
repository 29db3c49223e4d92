import Foundation
import Synchronization

/// Runs programs. Tests and the probe pass a closure instead of `live`.
public struct ProcessRunner: Sendable {
    /// Throws `ProgramError`, or `CancellationError` after the program has been ended.
    public var run: @Sendable (Invocation, ProcessLimits) async throws -> ProgramOutput

    public init(run: @escaping @Sendable (Invocation, ProcessLimits) async throws -> ProgramOutput) {
        self.run = run
    }

    public static let live = ProcessRunner { invocation, limits in
        try Task.checkCancellation()
        let isCancelled = CancellationMark()
        return try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                // A thread of its own: waiting for a program would hold up one of the few threads of the tasks.
                Thread.detachNewThread {
                    continuation.resume(
                        with: Result {
                            try ChildProcess(starting: invocation).output(within: limits) { isCancelled.isSet }
                        })
                }
            }
        } onCancel: {
            isCancelled.set()
        }
    }
}

private final class CancellationMark: Sendable {
    private let mark = Mutex(false)

    var isSet: Bool { mark.withLock { $0 } }

    func set() {
        mark.withLock { $0 = true }
    }
}
