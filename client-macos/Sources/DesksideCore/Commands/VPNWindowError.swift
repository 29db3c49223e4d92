import Foundation

public enum VPNWindowError: Error, Equatable {
    case notInstalled
    case notOpened(reason: String)
}

extension VPNWindowError: LocalizedError {
    public var errorDescription: String? {
        switch self {
        case .notInstalled: "Cisco Secure Client is not installed on this Mac."
        case .notOpened(let reason): "Cisco Secure Client could not be opened: \(reason)."
        }
    }

    public var recoverySuggestion: String? {
        switch self {
        case .notInstalled: "Ask your IT team to install it."
        case .notOpened: "Open it from the Applications folder."
        }
    }
}
