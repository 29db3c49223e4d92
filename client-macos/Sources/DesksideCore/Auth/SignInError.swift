import Foundation

/// Why nobody is signed in.
public enum SignInError: Error, Sendable, Equatable {
    /// There is no usable sign-in on this Mac.
    case required
    /// The server did not accept the token.
    case notAccepted
    /// The person closed the sign-in page.
    case cancelled
    /// The answer belongs to another sign-in.
    case stateMismatch
    /// The issuer said no, by this OAuth error code.
    case refused(code: String)
    /// The issuer could not be reached or failed: trying again can help.
    case unavailable(reason: String)
    /// The tokens cannot be kept on this Mac.
    case storage(reason: String)
}

extension SignInError: LocalizedError {
    public var errorDescription: String? {
        switch self {
        case .required: "You are signed out."
        case .notAccepted: "The server did not accept the sign-in."
        case .cancelled: "The sign-in was cancelled."
        case .stateMismatch: "The answer belongs to another sign-in."
        case .refused(let code): "The sign-in service refused (\(code))."
        case .unavailable: "The sign-in service cannot be reached."
        case .storage: "The sign-in could not be kept on this Mac."
        }
    }

    public var failureReason: String? {
        switch self {
        case .unavailable(let reason), .storage(let reason): reason
        case .required, .notAccepted, .cancelled, .stateMismatch, .refused: nil
        }
    }

    public var recoverySuggestion: String? {
        switch self {
        case .required, .cancelled: "Sign in to go on."
        case .notAccepted, .stateMismatch: "Sign in again."
        case .refused: "Sign in again. If it happens once more, ask whoever runs Deskside."
        case .unavailable: "Check this Mac's network and try again."
        case .storage: "Unlock the keychain and sign in again."
        }
    }
}
