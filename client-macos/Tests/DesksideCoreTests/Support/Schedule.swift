import Synchronization

@testable import DesksideCore

/// Manual time that knows what is being waited for.
final class Schedule: Sendable {
    let manual = ManualTime()
    private let waits = Mutex<[Duration]>([])

    var source: TimeSource {
        TimeSource(
            now: manual.source.now,
            sleep: { duration in
                self.waits.withLock { $0.append(duration) }
                let result: Result<Void, any Error>
                do {
                    try await self.manual.source.sleep(duration)
                    result = .success(())
                } catch {
                    result = .failure(error)
                }
                self.waits.withLock { waits in
                    if let index = waits.firstIndex(of: duration) { waits.remove(at: index) }
                }
                try result.get()
            })
    }

    var waiting: [Duration] { waits.withLock { $0 } }

    /// Moves on once somebody waits this long, and everybody who woke before has gone on.
    func pass(_ duration: Duration) async {
        await until {
            let waiting = self.waiting
            return waiting.contains(duration) && self.manual.sleepers == waiting.count
        }
        manual.advance(by: duration)
    }
}
