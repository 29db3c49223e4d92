extension VPNWindow {
    public typealias Way = @Sendable () async -> Press

    /// Presses in the first way that macOS permits, and looks for a window that is only just opening a few times.
    public static func pressing(
        ways: [Way], open: @escaping @Sendable () async throws -> Void, tries: Int = 10,
        pause: Duration = .milliseconds(500), time: TimeSource = .continuous
    ) -> VPNWindow {
        VPNWindow(open: open) {
            var press = Press.notPermitted
            for attempt in 1...max(tries, 1) {
                press = await firstPermitted(ways)
                guard press == .notFound, attempt < tries else { break }
                do { try await time.sleep(pause) } catch { break }
            }
            return press
        }
    }

    private static func firstPermitted(_ ways: [Way]) async -> Press {
        for way in ways {
            let press = await way()
            if press != .notPermitted { return press }
        }
        return .notPermitted
    }
}
