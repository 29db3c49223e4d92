/// Where tokens are kept between two launches.
public protocol TokenStore: Sendable {
    func load() async throws -> Tokens?
    func save(_ tokens: Tokens) async throws
    func clear() async throws
}
