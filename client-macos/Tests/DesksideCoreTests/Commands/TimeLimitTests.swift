import Testing

@testable import DesksideCore

@Suite(.timeLimit(.minutes(1)))
struct TimeLimitTests {
    private let time = ManualTime()

    @Test func workThatIsQuickEnough() async throws {
        #expect(try await time.source.limit(.seconds(1)) { 7 } == 7)
        await until { time.sleepers == 0 }
    }

    @Test func workThatIsTooSlowIsCancelledAndNotAwaited() async throws {
        let deaf = FirstResult<Void>()
        let noticed = FirstResult<Bool>()
        let limited = Task {
            try await time.source.limit(.seconds(5)) {
                try await withTaskCancellationHandler {
                    try await deaf.value
                } onCancel: {
                    noticed.offer(.success(true))
                }
            }
        }
        await until { time.sleepers == 1 }
        time.advance(by: .seconds(5))
        #expect(try await limited.value == nil)
        #expect(try await noticed.value)
        deaf.offer(.success(()))
    }

    @Test func itsErrorIsPassedOn() async {
        await #expect(throws: ProgramError.missing(path: "x")) {
            try await time.source.limit(.seconds(1)) { throw ProgramError.missing(path: "x") }
        }
    }

    @Test func aCancelledCallerDoesNotWait() async {
        let limited = Task { try await time.source.limit(.seconds(5)) { try await Task.sleep(for: .seconds(600)) } }
        await until { time.sleepers == 1 }
        limited.cancel()
        await #expect(throws: CancellationError.self) { try await limited.value }
    }

    @Test func theFirstResultCounts() async throws {
        let first = FirstResult<Int>()
        first.offer(.success(1))
        first.offer(.success(2))
        #expect(try await first.value == 1)
        first.offer(.success(3))
    }
}
