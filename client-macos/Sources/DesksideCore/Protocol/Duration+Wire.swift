extension Duration {
    /// Seconds as the server sends them. Bounded, because a `Duration` traps on what it cannot hold.
    init(wireSeconds seconds: Double) {
        self = .milliseconds(Int64(min(max(seconds, 0), 7 * 86_400) * 1000))
    }
}
