import Testing

@testable import DesksideCore

struct RateLimitTests {
    private func admitted(_ limit: inout RateLimit, of count: Int = 20, at now: ContinuousClock.Instant) -> Int {
        var admitted = 0
        for _ in 0..<count where limit.admits(at: now) { admitted += 1 }
        return admitted
    }

    @Test func aBurstThenASteadyPace() {
        let start = ContinuousClock.now
        var limit = RateLimit(perMinute: 6, now: start)
        let counts = [0, 9, 10, 10, 30].map { admitted(&limit, at: start + .seconds($0)) }
        #expect(counts == [6, 0, 1, 0, 2])
    }

    @Test func restIsNotSavedUp() {
        let start = ContinuousClock.now
        var limit = RateLimit(perMinute: 6, now: start)
        let counts = [3600, 3600].map { admitted(&limit, at: start + .seconds($0)) }
        #expect(counts == [6, 0])
    }
}
