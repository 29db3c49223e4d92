/// What the chat needs of the world.
public struct ChatService: Sendable {
    public var ask: @Sendable (_ prompt: String, _ requestID: String) async throws -> Void
    public var beginConversation: @Sendable () async -> Void
    public var signIn: @Sendable () async throws -> Void
    public var signOut: @Sendable () async throws -> Void
    public var connectNow: @Sendable () async -> Void

    public init(
        ask: @escaping @Sendable (_ prompt: String, _ requestID: String) async throws -> Void,
        beginConversation: @escaping @Sendable () async -> Void,
        signIn: @escaping @Sendable () async throws -> Void,
        signOut: @escaping @Sendable () async throws -> Void,
        connectNow: @escaping @Sendable () async -> Void
    ) {
        self.ask = ask
        self.beginConversation = beginConversation
        self.signIn = signIn
        self.signOut = signOut
        self.connectNow = connectNow
    }
}

extension ChatService {
    public init(account: Account, connection: AgentConnection, loginHint: String? = nil) {
        self.init(
            ask: { prompt, id in try await connection.ask(prompt, requestID: id) },
            beginConversation: { await connection.beginSession() },
            signIn: {
                try await account.signIn(loginHint: loginHint)
                await connection.start()
            },
            signOut: {
                await connection.stop()
                try await account.signOut()
            },
            connectNow: {
                // Waiting for the next attempt, or given up: one of them does nothing.
                await connection.checkNow()
                await connection.start()
            })
    }
}
