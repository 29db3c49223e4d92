import Foundation

/// Everything behind the windows, put together.
@MainActor public final class MacClient {
    public let chat: ChatModel
    public let consent = ConsentModel()
    public let log = SentLog()
    public let notices = Noticeboard()
    public let doorbell = Doorbell()
    public let vpn: VPNMonitor

    private let connection: AgentConnection
    private let networkChanges: @Sendable () -> AsyncStream<Void>

    public init(
        configuration: Configuration, adapters: MacAdapters, client: ClientInfo, time: TimeSource = .continuous
    ) {
        let toolbox = Toolbox(
            runner: adapters.runner, isExecutable: adapters.isExecutable,
            didRun: { [log] invocation, ending in await log.record(.ran(invocation, ending)) })
        let questions = ConsentQueue(prompt: doorbell.ringing(before: consent.prompt))
        let monitor = VPNMonitor(reader: StatusReader(toolbox: toolbox, time: time), time: time)
        let desk = RequestDesk(
            toolbox: toolbox, redactor: adapters.redactor, window: adapters.window, consent: questions, log: log,
            announce: { [notices] announcement in
                await notices.post(announcement)
                await monitor.refresh()
            }, time: time)
        let account = Account(
            configuration: configuration, client: TokenClient(configuration: configuration, http: adapters.http),
            store: adapters.tokens, web: adapters.web, sha256: adapters.sha256)
        connection = AgentConnection(
            address: configuration.websocketURL, tokens: account, connector: adapters.connector,
            handler: desk.handler(), client: client, time: time)
        var service = ChatService(account: account, connection: connection)
        service.signOut = { [signOut = service.signOut] in
            // What one person allowed, the next has not.
            await questions.forget()
            try await signOut()
        }
        chat = ChatModel(service: service)
        vpn = monitor
        networkChanges = adapters.networkChanges
    }

    public var menuBar: MenuBarState {
        MenuBarState(chat: chat.status, vpn: vpn.reading, question: consent.request)
    }

    /// Runs for as long as the app does. Connects at once; without a sign-in on this Mac that ends in `signedOut`.
    public func run() async {
        async let heard: Void = chat.follow(connection.events)
        async let watched: Void = vpn.run()
        async let checked: Void = checkOnChanges()
        await connection.start()
        _ = await (heard, watched, checked)
    }

    private func checkOnChanges() async {
        for await _ in networkChanges() { await connection.checkNow() }
    }
}
