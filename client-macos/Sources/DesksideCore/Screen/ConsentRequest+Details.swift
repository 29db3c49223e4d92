extension ConsentRequest {
    /// What stands above the programs.
    public var programsTitle: String {
        switch subject {
        case .log: "These programs were run:"
        case .status, .change: "If you agree, this is used:"
        }
    }

    /// As a person would type them.
    public var programs: [String] {
        switch subject {
        case .status: Self.lines(.vpnState) + Self.lines(.interfaces).map { "\($0) (when the state cannot be read)" }
        case .log(let log): log.programs.map(\.commandLine)
        case .change(.connect): ["Cisco Secure Client › Connect"] + Self.lines(.vpnState)
        case .change(.disconnect): Self.lines(.vpnDisconnect, .vpnState)
        }
    }

    /// To the character what would leave the Mac.
    public var preview: String? {
        if case .log(let log) = subject { log.text } else { nil }
    }

    /// Says how long the question stays.
    public func countdown(at now: ContinuousClock.Instant) -> String {
        let left = max(now.duration(to: expiresAt), .zero)
        let seconds = left.components.seconds + (left.components.attoseconds > 0 ? 1 : 0)
        return "Without an answer this is declined in \(seconds) second\(seconds == 1 ? "" : "s")."
    }

    private static func lines(_ programs: Program...) -> [String] {
        programs.compactMap { $0.invocation(of: .secureClient)?.commandLine }
    }
}
