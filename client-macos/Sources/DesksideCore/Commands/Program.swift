/// Every program this app ever runs, with every argument it ever gives. Constants: a request chooses, and adds nothing.
public enum Program: Sendable, CaseIterable {
    case vpnState, vpnStatistics, vpnDisconnect, interfaces, routes, systemLog

    /// Nil when the program is a part of Cisco's client and that is not installed.
    public func invocation(of client: CiscoClient?) -> Invocation? {
        switch self {
        case .vpnState: client.map { Invocation($0.rawValue, ["state"]) }
        case .vpnStatistics: client.map { Invocation($0.rawValue, ["stats"]) }
        case .vpnDisconnect: client.map { Invocation($0.rawValue, ["disconnect"]) }
        case .interfaces: Invocation("/sbin/ifconfig")
        case .routes: Invocation("/usr/sbin/netstat", ["-rn"])
        case .systemLog:
            Invocation(
                "/usr/bin/log",
                [
                    "show", "--last", "15m", "--style", "compact", "--predicate",
                    #"process == "vpnagentd" OR process == "Cisco Secure Client""#,
                ])
        }
    }

    /// Cisco's command line has been seen to hang, and `log show` is slow on a busy Mac.
    var limits: ProcessLimits {
        switch self {
        case .vpnState, .vpnStatistics: ProcessLimits(timeout: .seconds(12))
        case .vpnDisconnect: ProcessLimits(timeout: .seconds(20))
        case .interfaces, .routes: ProcessLimits(timeout: .seconds(10))
        case .systemLog: ProcessLimits(timeout: .seconds(45), output: .last(128 * 1024))
        }
    }
}
