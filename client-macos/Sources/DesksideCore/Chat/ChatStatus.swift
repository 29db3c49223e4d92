/// Whether one can chat now, and what to do if not.
public enum ChatStatus: Sendable, Equatable {
    case ready
    /// Prompts are being worked on; more can be sent.
    case busy(doing: String)
    case connecting
    case offline(ConnectionFault)
    case signingIn
    case signedOut(SignInError)
    case unusable(ConnectionFault)

    public var title: String {
        switch self {
        case .ready: "Connected"
        case .busy(let doing): doing
        case .connecting: "Connecting…"
        case .offline: "Offline"
        case .signingIn: "Signing in…"
        case .signedOut: "Signed out"
        case .unusable: "Not connected"
        }
    }

    /// What happened and what to do; nil when there is nothing to do.
    public var advice: String? {
        switch self {
        case .ready, .busy, .connecting: nil
        case .signingIn: "Go on in the browser window."
        case .offline(let fault), .unusable(let fault):
            [fault.errorDescription, fault.recoverySuggestion].compactMap(\.self).joined(separator: " ")
        case .signedOut(.required): "Sign in to chat."
        case .signedOut(let error):
            [error.errorDescription, error.recoverySuggestion].compactMap(\.self).joined(separator: " ")
        }
    }

    public var action: ChatAction? {
        switch self {
        case .ready, .busy, .connecting, .signingIn: nil
        case .offline: .connectNow
        case .signedOut: .signIn
        case .unusable(.unsupportedVersion): nil
        case .unusable: .connectNow
        }
    }
}
