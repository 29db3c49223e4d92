/// The monotonic clock, replaceable in tests. Runs on while the Mac sleeps, as the server's clock does.
public struct TimeSource: Sendable {
    public var now: @Sendable () -> ContinuousClock.Instant
    public var sleep: @Sendable (Duration) async throws -> Void

    public init(
        now: @escaping @Sendable () -> ContinuousClock.Instant,
        sleep: @escaping @Sendable (Duration) async throws -> Void
    ) {
        self.now = now
        self.sleep = sleep
    }

    public static let continuous = TimeSource(now: { .now }, sleep: { try await Task.sleep(for: $0) })
}
