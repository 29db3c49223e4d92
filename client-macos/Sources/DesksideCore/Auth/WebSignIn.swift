import Foundation

/// Shows the person the issuer's page.
public struct WebSignIn: Sendable {
    /// Opens the URL and returns the one it was redirected to, of this redirect URI.
    ///
    /// Throws `SignInError.cancelled` when the person closes the page.
    public var authorize: @Sendable (_ url: URL, _ redirectURI: String) async throws -> URL

    public init(authorize: @escaping @Sendable (_ url: URL, _ redirectURI: String) async throws -> URL) {
        self.authorize = authorize
    }
}
