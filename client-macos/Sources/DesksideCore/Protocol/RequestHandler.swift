/// Where the connection hands the server's requests.
public struct RequestHandler: Sendable {
    /// Nil means that there is nothing to send: a command, or a request that was answered before.
    public var handle: @Sendable (MacRequest) async -> Reply?

    public init(handle: @escaping @Sendable (MacRequest) async -> Reply?) {
        self.handle = handle
    }
}
