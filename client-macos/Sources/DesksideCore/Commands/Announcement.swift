/// What the person is told about a command: those are not answered on the wire.
public enum Announcement: Sendable, Equatable {
    case connected
    case disconnected
    /// Cisco's window is open, and the person has to press the button.
    case pressConnect(mayAllow: Bool)
    /// Something was tried, and the VPN is not in the state that was wanted.
    case notChanged(VPNState, remark: String?)
    case notInstalled
    case failed(reason: String)

    public var text: String {
        switch self {
        case .connected: "Your VPN is connected."
        case .disconnected: "Your VPN is disconnected."
        case .pressConnect(mayAllow: true):
            "Press Connect in Cisco Secure Client. To let this app press it for you, allow it under "
                + "System Settings › Privacy & Security › Accessibility."
        case .pressConnect(mayAllow: false): "Press Connect in Cisco Secure Client."
        case .notChanged(.unknown, _): "Cisco Secure Client does not say whether your VPN is connected."
        case .notChanged(let state, let remark):
            "Your VPN is \(state.rawValue)." + (remark.map { " Cisco Secure Client says: “\($0)”" } ?? "")
        case .notInstalled: "Cisco Secure Client is not installed on this Mac. Ask your IT team to install it."
        case .failed(let reason): "Your VPN could not be changed: \(reason) Try it in Cisco Secure Client."
        }
    }
}
