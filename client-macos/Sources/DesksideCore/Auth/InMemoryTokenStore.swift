/// Keeps tokens until the process ends.
public actor InMemoryTokenStore: TokenStore {
    private var tokens: Tokens?

    public init(_ tokens: Tokens? = nil) {
        self.tokens = tokens
    }

    public func load() -> Tokens? { tokens }
    public func save(_ tokens: Tokens) { self.tokens = tokens }
    public func clear() { tokens = nil }
}
