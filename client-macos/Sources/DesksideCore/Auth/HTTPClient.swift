import Foundation

#if canImport(FoundationNetworking)
    import FoundationNetworking
#endif

/// Sends one HTTP request.
public struct HTTPClient: Sendable {
    public var send: @Sendable (URLRequest) async throws -> (body: Data, status: Int)

    public init(send: @escaping @Sendable (URLRequest) async throws -> (body: Data, status: Int)) {
        self.send = send
    }

    /// A session without cache and cookies: what it carries is tokens.
    public static func urlSession(_ session: URLSession = URLSession(configuration: .ephemeral)) -> HTTPClient {
        HTTPClient { request in
            let (body, response) = try await session.data(for: request)
            return (body, (response as? HTTPURLResponse)?.statusCode ?? 0)
        }
    }
}
