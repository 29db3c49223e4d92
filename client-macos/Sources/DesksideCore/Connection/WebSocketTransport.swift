/// One WebSocket. How its handshake ended is learnt from the first `send` or `receive`.
public protocol WebSocketTransport: Sendable {
    func send(_ text: String) async throws
    /// The next text message, whole. Throws a `ConnectionFault` once there is none any more.
    func receive() async throws -> String
    /// Says goodbye with 1000. A pending `receive` ends soon.
    func close() async
    /// Lets go at once, as of a peer that does not answer. A pending `receive` ends at once.
    func abort() async
}
