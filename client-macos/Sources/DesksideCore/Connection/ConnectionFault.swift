import Foundation

/// Why there is no connection.
public enum ConnectionFault: Error, Sendable, Equatable {
    /// The handshake was answered with this HTTP status.
    case refused(status: Int)
    case closed(code: Int?)
    case unreachable(reason: String)
    /// It was open, but the server neither greeted nor answered.
    case silent
    case unsupportedVersion
    /// The token endpoint cannot be reached or failed; trying again can help.
    case signInUnavailable(reason: String)
    case internalFault(reason: String)

    /// Whether the server said that this person's token is not good.
    var asksForSignIn: Bool { self == .refused(status: 401) || self == .refused(status: 403) }
}

extension ConnectionFault: LocalizedError {
    public var errorDescription: String? {
        switch self {
        case .refused(let status) where asksForSignIn: "The server did not accept the sign-in (\(status))."
        case .refused(let status): "The server refused the connection (\(status))."
        case .closed: "The server closed the connection."
        case .unreachable: "The server cannot be reached."
        case .silent: "The server does not answer."
        case .unsupportedVersion: "This version of Deskside is too old for the server."
        case .signInUnavailable: "The sign-in service cannot be reached."
        case .internalFault: "Something in Deskside went wrong."
        }
    }

    public var failureReason: String? {
        switch self {
        case .unreachable(let reason), .signInUnavailable(let reason), .internalFault(let reason): reason
        case .closed(let code?): "close code \(code)"
        case .refused, .closed, .silent, .unsupportedVersion: nil
        }
    }

    public var recoverySuggestion: String? {
        switch self {
        case .refused where asksForSignIn: "Sign in again."
        case .unsupportedVersion: "Install the current version of Deskside."
        case .internalFault: "Quit Deskside and open it again."
        case .unreachable: "Check this Mac's network. Deskside keeps trying."
        case .refused, .closed, .silent, .signInUnavailable: "Deskside keeps trying; there is nothing to do."
        }
    }
}
