/// Reads the VPN's state.
///
/// Cisco's command line may return without having reached its own service, saying `Unknown` or nothing, and it may
/// hang: each try has a watchdog, and there are a few.
public struct StatusReader: Sendable {
    static let tries = 3
    static let pause = Duration.milliseconds(500)
    /// A try that has less time than this is not worth it.
    static let leastBudget = Duration.seconds(1)

    private let toolbox: Toolbox
    private let time: TimeSource

    public init(toolbox: Toolbox, time: TimeSource) {
        self.toolbox = toolbox
        self.time = time
    }

    /// Throws `ProgramError` when there is no program to ask.
    public func status(within budget: Duration) async throws -> VPNStatus {
        let deadline = time.now() + budget
        var status = VPNStatus(state: .unknown)
        for attempt in 1...Self.tries {
            if attempt > 1 { try await time.sleep(Self.pause) }
            let left = time.now().duration(to: deadline)
            guard left > Self.leastBudget else { break }
            status = VPNStatus(output: try await toolbox.run(.vpnState, within: left).1.text)
            if status.state != .unknown { return status }
        }
        let left = time.now().duration(to: deadline)
        guard left > Self.leastBudget else { return status }
        status.tunnel = TunnelInterface.name(in: try await toolbox.run(.interfaces, within: left).1.text)
        return status
    }
}
