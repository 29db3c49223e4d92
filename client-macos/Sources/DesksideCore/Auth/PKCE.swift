import Foundation

/// The proof that who redeems a code is who asked for it (RFC 7636).
public struct PKCE: Sendable {
    public let verifier: Secret
    public let challenge: String

    public init(verifier: Secret, sha256: (Data) -> Data) {
        self.verifier = verifier
        challenge = sha256(Data(verifier.revealed.utf8)).base64URL
    }

    /// 32 random bytes, as the RFC recommends.
    public static func randomVerifier() -> Secret {
        Secret(Data.random(32).base64URL)
    }
}
