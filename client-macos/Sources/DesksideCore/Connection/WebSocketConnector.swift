import Foundation

/// Opens WebSockets.
public struct WebSocketConnector: Sendable {
    /// Begins to connect; the token goes into the `Authorization` header and nowhere else.
    public var connect: @Sendable (URL, Secret) async -> any WebSocketTransport

    public init(connect: @escaping @Sendable (URL, Secret) async -> any WebSocketTransport) {
        self.connect = connect
    }
}
