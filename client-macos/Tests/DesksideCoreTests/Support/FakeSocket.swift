@testable import DesksideCore

/// A WebSocket whose other end is the test.
actor FakeSocket: WebSocketTransport {
    let token: Secret
    private(set) var sent: [String] = []
    private(set) var wasClosed = false
    private var incoming: [String] = []
    private var fault: ConnectionFault?
    private var waiting: CheckedContinuation<String, any Error>?

    init(token: Secret, fault: ConnectionFault? = nil) {
        self.token = token
        self.fault = fault
    }

    func send(_ text: String) throws {
        if let fault { throw fault }
        sent.append(text)
    }

    func receive() async throws -> String {
        if !incoming.isEmpty { return incoming.removeFirst() }
        if let fault { throw fault }
        return try await withCheckedThrowingContinuation { waiting = $0 }
    }

    func close() {
        wasClosed = true
        end(.closed(code: 1000))
    }

    func abort() {
        end(.closed(code: nil))
    }

    /// What the server says.
    func say(_ text: String) {
        if let waiting {
            self.waiting = nil
            waiting.resume(returning: text)
        } else {
            incoming.append(text)
        }
    }

    func end(_ fault: ConnectionFault) {
        guard self.fault == nil else { return }
        self.fault = fault
        waiting?.resume(throwing: fault)
        waiting = nil
    }

    var isOpen: Bool { fault == nil }

    /// Whether everything said has been taken and the next is awaited, or never will be.
    var isSettled: Bool { fault != nil || (waiting != nil && incoming.isEmpty) }

    func sent(_ action: String) throws -> [SentMessage] {
        try sent.map(SentMessage.init).filter { $0.action == action }
    }

    func greet(expiresIn: Int = 3600, pending: [String] = [], version: Int = 1) {
        let requests = pending.joined(separator: ",")
        say(
            """
            {"event": "ready", "data": {"session_id": "s", "protocol_version": \(version), \
            "expires_in": \(expiresIn), "pending": [\(requests)]}}
            """)
    }

    func pong() {
        say(#"{"event": "pong", "data": {}}"#)
    }
}
