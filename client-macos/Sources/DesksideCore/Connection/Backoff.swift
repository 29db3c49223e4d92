/// Exponential back-off with full jitter.
public struct Backoff: Sendable {
    private let base: Duration
    private let cap: Duration
    /// A fraction from 0 up to 1.
    private let random: @Sendable () -> Double
    private var attempt = 0

    public init(
        base: Duration = .milliseconds(500),
        cap: Duration = .seconds(30),
        random: @escaping @Sendable () -> Double = { Double.random(in: 0..<1) }
    ) {
        self.base = base
        self.cap = cap
        self.random = random
    }

    /// Anywhere up to a ceiling that doubles each time.
    mutating func nextDelay() -> Duration {
        // Bounded so that a night of failures does not overflow.
        let ceiling = min(cap, base * (1 << min(attempt, 20)))
        attempt += 1
        return ceiling * random()
    }

    /// Called once a connection has proved itself by carrying traffic, not when it opened.
    mutating func reset() {
        attempt = 0
    }
}
