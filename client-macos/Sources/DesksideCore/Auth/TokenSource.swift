/// Where a connection gets its access token.
public protocol TokenSource: Sendable {
    /// A valid access token; with `fresh`, one that was issued just now. Never asks the person anything.
    func accessToken(fresh: Bool) async throws -> Secret
}
