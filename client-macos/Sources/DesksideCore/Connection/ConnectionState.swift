/// What a connection is doing.
public enum ConnectionState: Sendable, Equatable {
    /// Not started, or ended by its owner.
    case idle
    case connecting
    case ready
    /// Replacing a socket that served its time. Prompts may be sent: they wait a moment.
    case renewing
    /// Between two attempts.
    case waiting(ConnectionFault)
    /// Somebody has to sign in before it can go on.
    case signedOut(SignInError)
    /// It will not connect again by itself.
    case stopped(ConnectionFault)

    var isLive: Bool {
        switch self {
        case .connecting, .ready, .renewing, .waiting: true
        case .idle, .signedOut, .stopped: false
        }
    }
}
