import Foundation

/// Why a program could not be run at all. What it prints and how it exits is a `ProgramOutput`.
public enum ProgramError: Error, Equatable {
    case missing(path: String)
    case notStarted(path: String, reason: String)
}

extension ProgramError: LocalizedError {
    public var errorDescription: String? {
        switch self {
        case .missing(let path): "\(path) is not on this Mac."
        case .notStarted(let path, let reason): "\(path) could not be started: \(reason)."
        }
    }

    public var recoverySuggestion: String? {
        switch self {
        case .missing: "Ask your IT team to install it, then try again."
        case .notStarted: "Try again. If it happens once more, restart the Mac."
        }
    }
}
