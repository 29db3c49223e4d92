import Foundation

/// Why a prompt was not sent.
public enum PromptError: LocalizedError, Equatable {
    case empty
    case tooLong(scalars: Int)
    case repeatedID
    case notSignedIn

    public var errorDescription: String? {
        switch self {
        case .empty: "There is nothing to send."
        case .tooLong(let scalars): "The message has \(scalars) characters; \(Limits.promptScalars) can be sent."
        case .repeatedID: "This message was sent already."
        case .notSignedIn: "Nobody is signed in."
        }
    }

    public var recoverySuggestion: String? {
        switch self {
        case .empty: "Write a message first."
        case .tooLong: "Shorten it, or send it in parts."
        case .repeatedID: nil
        case .notSignedIn: "Sign in, then send it again."
        }
    }
}
