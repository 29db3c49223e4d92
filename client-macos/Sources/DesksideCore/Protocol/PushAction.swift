/// The requests this client can carry out, by their names on the wire; sent as `capabilities`.
public enum PushAction: String, Sendable, CaseIterable {
    case runClientCommand = "run_client_command"
    case getVPNStatus = "get_vpn_status"
    case requestLogs = "request_logs"
}
