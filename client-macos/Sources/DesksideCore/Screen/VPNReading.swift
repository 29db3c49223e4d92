/// What the menu bar knows of the VPN.
public enum VPNReading: Sendable, Equatable {
    case notRead
    case notInstalled
    case state(VPNState)

    public var title: String {
        switch self {
        case .notRead: "VPN: not read yet"
        case .notInstalled: "VPN: Cisco Secure Client is not installed"
        case .state(let state): "VPN: \(state.rawValue)"
        }
    }

    /// The name of an SF Symbol.
    public var symbol: String {
        switch self {
        case .state(.connected): "lock.shield.fill"
        case .state(.connecting), .state(.disconnecting), .state(.reconnecting): "lock.rotation"
        case .state(.disconnected): "lock.slash"
        case .notRead, .notInstalled, .state(.unknown): "questionmark.diamond"
        }
    }
}
