import Foundation

#if canImport(FoundationNetworking)
    import FoundationNetworking
#endif

/// What only a Mac has.
public struct MacAdapters: Sendable {
    public var tokens: any TokenStore
    public var web: WebSignIn
    public var sha256: @Sendable (Data) -> Data
    public var http: HTTPClient
    public var connector: WebSocketConnector
    public var runner: ProcessRunner
    public var window: VPNWindow
    public var redactor: Redactor
    /// Says when the network may be another: it changed, or the Mac woke up.
    public var networkChanges: @Sendable () -> AsyncStream<Void>
    public var isExecutable: @Sendable (String) -> Bool

    public init(
        tokens: any TokenStore, web: WebSignIn, sha256: @escaping @Sendable (Data) -> Data,
        http: HTTPClient = .urlSession(),
        connector: WebSocketConnector = .urlSession(URLSession(configuration: .ephemeral)),
        runner: ProcessRunner = .live, window: VPNWindow, redactor: Redactor,
        networkChanges: @escaping @Sendable () -> AsyncStream<Void>,
        isExecutable: @escaping @Sendable (String) -> Bool = { FileManager.default.isExecutableFile(atPath: $0) }
    ) {
        self.tokens = tokens
        self.web = web
        self.sha256 = sha256
        self.http = http
        self.connector = connector
        self.runner = runner
        self.window = window
        self.redactor = redactor
        self.networkChanges = networkChanges
        self.isExecutable = isExecutable
    }
}
