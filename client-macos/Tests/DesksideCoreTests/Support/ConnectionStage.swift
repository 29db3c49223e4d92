import Foundation
import Synchronization

@testable import DesksideCore

/// A connection between a fake network and a fake Mac.
final class ConnectionStage: Sendable {
    let network = FakeNetwork()
    let time = Schedule()
    let tokens: FakeTokens
    let connection: AgentConnection
    private let sink: Sink
    private let follower: Task<Void, Never>

    init(
        tokens: FakeTokens = FakeTokens(),
        jitter: Double = 1,
        handle: @escaping @Sendable (MacRequest) async -> Reply? = { _ in .content("done") }
    ) {
        self.tokens = tokens
        let connection = AgentConnection(
            address: URL(string: "wss://example.com/prod")!,
            sessionID: "s",
            tokens: tokens,
            connector: network.connector,
            handler: RequestHandler(handle: handle),
            client: ClientInfo(version: "1.0"),
            backoff: Backoff(random: { jitter }),
            time: time.source)
        self.connection = connection
        let sink = Sink()
        self.sink = sink
        follower = Task {
            for await event in connection.events { sink.add(event) }
        }
    }

    deinit {
        follower.cancel()
    }

    private final class Sink: Sendable {
        let events = Mutex<[ConnectionEvent]>([])
        func add(_ event: ConnectionEvent) { events.withLock { $0.append(event) } }
    }

    var events: [ConnectionEvent] { sink.events.withLock { $0 } }
    var states: [ConnectionState] { events.compactMap { if case .state(let state) = $0 { state } else { nil } } }
    var turns: [TurnEvent] { events.compactMap { if case .turn(let event) = $0 { event } else { nil } } }

    func reach(_ state: ConnectionState) async {
        await until { self.states.last == state }
    }

    /// Connected, with this socket.
    func ready(_ number: Int = 0, expiresIn: Int = 3600, pending: [String] = []) async throws -> FakeSocket {
        if number == 0 { await connection.start() }
        let socket = try await network.socket(number)
        let before = states.filter { $0 == .ready }.count
        await socket.greet(expiresIn: expiresIn, pending: pending)
        await until { self.states.filter { $0 == .ready }.count > before }
        await settle(socket)
        return socket
    }

    /// Until everything the server said has been dealt with.
    func settle(_ socket: FakeSocket) async {
        await until { await socket.isSettled }
    }
}

/// The id of the n-th request.
func callbackID(_ number: Int) -> String {
    let digits = String(number, radix: 16)
    return "cb-" + String(repeating: "0", count: 32 - digits.count) + digits
}

func statusRequest(_ number: Int) -> String {
    #"{"action": "get_vpn_status", "callback_id": "\#(callbackID(number))", "expires_in": 30}"#
}

func delta(_ id: String, _ seq: Int, _ text: String) -> String {
    #"{"event": "answer_delta", "data": {"request_id": "\#(id)", "session_id": "s", "seq": \#(seq), "text": "\#(text)"}}"#
}

func answer(_ id: String, _ seq: Int, _ text: String) -> String {
    #"{"event": "answer", "data": {"request_id": "\#(id)", "session_id": "s", "seq": \#(seq), "text": "\#(text)"}}"#
}

func serverError(_ code: String, requestID: String? = nil, callbackID: String? = nil) -> String {
    let about = requestID.map { #", "request_id": "\#($0)""# } ?? callbackID.map { #", "callback_id": "\#($0)""# } ?? ""
    return #"{"event": "error", "data": {"code": "\#(code)", "message": "m", "retryable": true\#(about)}}"#
}
