import Foundation
import Security

/// What the keychain said no with.
public struct KeychainError: Error, Equatable {
    public let status: OSStatus

    static func check(_ status: OSStatus) throws {
        guard status == errSecSuccess else { throw KeychainError(status: status) }
    }
}

extension KeychainError: LocalizedError {
    public var errorDescription: String? {
        SecCopyErrorMessageString(status, nil) as String? ?? "The keychain answered \(status)."
    }

    public var recoverySuggestion: String? { "Unlock the login keychain in Keychain Access and try again." }
}
