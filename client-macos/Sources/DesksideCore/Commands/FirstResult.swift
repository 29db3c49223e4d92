import Synchronization

/// A result that several may offer and one awaits: the first counts.
final class FirstResult<Value: Sendable>: Sendable {
    private enum State {
        case nobodyWaits
        case waiting(CheckedContinuation<Result<Value, any Error>, Never>)
        case offered(Result<Value, any Error>)
        case taken
    }

    private let state = Mutex(State.nobodyWaits)

    /// To be awaited once.
    var value: Value {
        get async throws {
            try await withCheckedContinuation { continuation in
                let offered: Result<Value, any Error>? = state.withLock { state in
                    guard case .offered(let result) = state else {
                        state = .waiting(continuation)
                        return nil
                    }
                    state = .taken
                    return result
                }
                if let offered { continuation.resume(returning: offered) }
            }.get()
        }
    }

    func offer(_ result: Result<Value, any Error>) {
        let continuation: CheckedContinuation<Result<Value, any Error>, Never>? = state.withLock { state in
            switch state {
            case .nobodyWaits:
                state = .offered(result)
                return nil
            case .waiting(let continuation):
                state = .taken
                return continuation
            case .offered, .taken:
                return nil
            }
        }
        continuation?.resume(returning: result)
    }
}

extension TimeSource {
    /// What `work` returns, or nil when the time is up first.
    ///
    /// The work is cancelled then, and not waited for: it may be slow to notice, and somebody waits for us.
    func limit<Value: Sendable>(
        _ budget: Duration, _ work: @escaping @Sendable () async throws -> Value
    ) async throws -> Value? {
        let first = FirstResult<Value?>()
        let worker = Task {
            do { first.offer(.success(try await work())) } catch { first.offer(.failure(error)) }
        }
        let timer = Task {
            do {
                try await sleep(budget)
                first.offer(.success(nil))
            } catch {
                first.offer(.failure(error))
            }
        }
        return try await withTaskCancellationHandler {
            let result: Result<Value?, any Error>
            do { result = .success(try await first.value) } catch { result = .failure(error) }
            worker.cancel()
            timer.cancel()
            return try result.get()
        } onCancel: {
            worker.cancel()
            timer.cancel()
        }
    }
}
