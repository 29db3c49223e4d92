/// Keeps tokens in the better of two places that this app may use.
public struct FallbackTokenStore: TokenStore {
    private let preferred: any TokenStore
    private let other: any TokenStore
    /// Whether an error means that this app may not use the preferred place at all.
    private let isBarred: @Sendable (any Error) -> Bool

    public init(
        preferred: any TokenStore, other: any TokenStore, isBarred: @escaping @Sendable (any Error) -> Bool
    ) {
        self.preferred = preferred
        self.other = other
        self.isBarred = isBarred
    }

    public func load() async throws -> Tokens? {
        do { if let tokens = try await preferred.load() { return tokens } } catch  where isBarred(error) {}
        return try await other.load()
    }

    /// Kept in one place only: an old refresh token has no business anywhere.
    public func save(_ tokens: Tokens) async throws {
        do {
            try await preferred.save(tokens)
        } catch  where isBarred(error) {
            return try await other.save(tokens)
        }
        try await other.clear()
    }

    public func clear() async throws {
        do { try await preferred.clear() } catch  where isBarred(error) {}
        try await other.clear()
    }
}
