/// So many in a minute: all at once, or one after another.
struct RateLimit: Sendable {
    private static let window = Duration.seconds(60)

    private let cost: Duration
    private var credit = window
    private var at: ContinuousClock.Instant

    init(perMinute: Int, now: ContinuousClock.Instant) {
        cost = Self.window / max(perMinute, 1)
        at = now
    }

    mutating func admits(at now: ContinuousClock.Instant) -> Bool {
        credit = min(credit + at.duration(to: now), Self.window)
        at = now
        guard credit >= cost else { return false }
        credit -= cost
        return true
    }
}
