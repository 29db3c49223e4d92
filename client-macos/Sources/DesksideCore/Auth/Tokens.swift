import Foundation

/// What the issuer gave.
public struct Tokens: Sendable, Equatable, Codable {
    public var access: Secret
    public var refresh: Secret?
    /// From then on the access token is not used any more: a little before its expiry.
    public var usableUntil: Date

    public init(access: Secret, refresh: Secret?, usableUntil: Date) {
        self.access = access
        self.refresh = refresh
        self.usableUntil = usableUntil
    }

    init(access: Secret, refresh: Secret?, issuedAt: Date, expiresIn: TimeInterval) {
        let margin = min(60, expiresIn * 0.2)
        self.init(access: access, refresh: refresh, usableUntil: issuedAt.addingTimeInterval(expiresIn - margin))
    }
}
