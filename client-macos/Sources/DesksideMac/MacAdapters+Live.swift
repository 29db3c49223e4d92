import CryptoKit
import DesksideCore
import Foundation

extension MacAdapters {
    public static func live(for configuration: Configuration) -> MacAdapters {
        MacAdapters(
            tokens: FallbackTokenStore.keychain(for: configuration), web: .system, sha256: SHA256.digest,
            window: .cisco, redactor: .thisMac, networkChanges: NetworkChanges.stream)
    }
}
