import DesksideCore
import Foundation

/// The compiled core behind a command line, for the end-to-end test and nothing else.
///
/// Lines of JSON on standard input and output. The test holds the sockets; every decision is made here.
@main @MainActor struct Probe {
    private let output = Output()
    private let decoder = JSONDecoder()
    private let driver: Driver
    private let mac: SimulatedMac
    private let connection: AgentConnection
    private let chat: ChatModel

    static func main() async throws {
        var lines = inputLines().makeAsyncIterator()
        guard let first = await lines.next() else { return }
        let probe = try Probe(JSONDecoder().decode(Setup.self, from: Data(first.utf8)))
        let following = Task { await probe.follow() }
        while let line = await lines.next() { try await probe.obey(line) }
        await probe.connection.stop()
        following.cancel()
    }

    private init(_ setup: Setup) throws {
        let json = try JSONEncoder().encode(setup.configuration)
        let configuration = try Configuration(json: json, path: "the first line")
        let driver = Driver(output: output)
        self.driver = driver
        mac = SimulatedMac(isConnected: true, output: output)
        let desk = RequestDesk(
            toolbox: Toolbox(
                runner: mac.runner, isExecutable: { $0 == CiscoClient.secureClient.rawValue }, didRun: { _, _ in }),
            redactor: Redactor(), window: mac.window, consent: ConsentQueue(prompt: mac.prompt), log: SentLog(),
            announce: { _ in })
        let account = Account(
            configuration: configuration,
            client: TokenClient(configuration: configuration, http: .urlSession()),
            store: InMemoryTokenStore(),
            web: WebSignIn { url, _ in try await driver.authorize(url) },
            sha256: SHA256.digest)
        connection = AgentConnection(
            address: configuration.websocketURL,
            tokens: account,
            connector: WebSocketConnector { url, token in await driver.connect(url, token) },
            handler: desk.handler(),
            client: ClientInfo(name: "deskside-probe", version: "1"),
            pace: setup.pace)
        chat = ChatModel(
            service: ChatService(account: account, connection: connection, loginHint: setup.person))
    }

    private func follow() async {
        for await event in connection.events {
            chat.receive(event)
            await show()
        }
    }

    private func show() async {
        await output.report(Snapshot(chat))
    }

    private func obey(_ line: String) async throws {
        let instruction = try decoder.decode(Instruction.self, from: Data(line.utf8))
        switch instruction.op {
        case .signIn: act { await chat.signIn() }
        case .signOut: act { await chat.signOut() }
        case .send:
            chat.draft = instruction.text ?? ""
            act { await chat.send() }
        case .retry: act { await chat.retry(instruction.id ?? "") }
        case .clear: act { await chat.clear() }
        case .consent:
            await mac.consent(declining: instruction.decline ?? [], holding: instruction.hold ?? [])
        case .text, .closed, .refused, .unreachable, .redirected:
            await driver.take(instruction)
        }
    }

    /// What takes time must not keep the next line waiting: it may be what this waits for.
    private func act(_ work: @escaping @MainActor () async -> Void) {
        Task {
            await work()
            await show()
        }
    }

    /// Standard input, read on a thread of its own: reading blocks.
    private static func inputLines() -> AsyncStream<String> {
        let (lines, continuation) = AsyncStream<String>.makeStream()
        Thread.detachNewThread {
            while let line = readLine() { continuation.yield(line) }
            continuation.finish()
        }
        return lines
    }
}
