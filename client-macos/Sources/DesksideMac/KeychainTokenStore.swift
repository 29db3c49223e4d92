import DesksideCore
import Foundation
import Security

/// Keeps the tokens as one item of a keychain of this Mac. They stay on it: not in iCloud, nor on another device.
public struct KeychainTokenStore: TokenStore {
    private let service: String
    private let account: String
    private let usesDataProtection: Bool
    // The keychain may stop to ask the person: not on a thread of the tasks.
    private let queue = DispatchQueue(label: "deskside.keychain")

    init(service: String, account: String, usesDataProtection: Bool) {
        self.service = service
        self.account = account
        self.usesDataProtection = usesDataProtection
    }

    public func load() async throws -> Tokens? {
        try await onQueue {
            let query = item.merging(
                [kSecReturnData as String: true, kSecMatchLimit as String: kSecMatchLimitOne], uniquingKeysWith: { $1 })
            var result: CFTypeRef?
            let status = SecItemCopyMatching(query as CFDictionary, &result)
            if status == errSecItemNotFound { return nil }
            try KeychainError.check(status)
            guard let data = result as? Data else { throw KeychainError(status: errSecDecode) }
            return try JSONDecoder().decode(Tokens.self, from: data)
        }
    }

    public func save(_ tokens: Tokens) async throws {
        try await onQueue {
            let content: [String: Any] = [
                kSecValueData as String: try JSONEncoder().encode(tokens),
                // Deskside reconnects while the screen is locked.
                kSecAttrAccessible as String: kSecAttrAccessibleAfterFirstUnlockThisDeviceOnly,
            ]
            var status = SecItemUpdate(item as CFDictionary, content as CFDictionary)
            if status == errSecItemNotFound {
                status = SecItemAdd(item.merging(content, uniquingKeysWith: { $1 }) as CFDictionary, nil)
            }
            try KeychainError.check(status)
        }
    }

    public func clear() async throws {
        try await onQueue {
            let status = SecItemDelete(item as CFDictionary)
            if status != errSecItemNotFound { try KeychainError.check(status) }
        }
    }

    private var item: [String: Any] {
        [
            kSecClass as String: kSecClassGenericPassword,
            kSecAttrService as String: service,
            kSecAttrAccount as String: account,
            kSecUseDataProtectionKeychain as String: usesDataProtection,
        ]
    }

    private func onQueue<Value: Sendable>(_ work: @escaping @Sendable () throws -> Value) async throws -> Value {
        try await withCheckedThrowingContinuation { continuation in
            queue.async { continuation.resume(with: Result(catching: work)) }
        }
    }
}

extension FallbackTokenStore {
    /// The data-protection keychain; for an app signed without a provisioning profile, which may not use that, the
    /// login keychain. A system's tokens are kept under its addresses, so that two systems do not meet.
    public static func keychain(for configuration: Configuration) -> FallbackTokenStore {
        func store(_ usesDataProtection: Bool) -> KeychainTokenStore {
            KeychainTokenStore(
                service: "dev.deskside.mac", account: "\(configuration.clientID) \(configuration.tokenURL)",
                usesDataProtection: usesDataProtection)
        }
        return FallbackTokenStore(preferred: store(true), other: store(false)) { error in
            (error as? KeychainError)?.status == errSecMissingEntitlement
        }
    }
}
