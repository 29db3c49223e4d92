import DesksideCore

/// A WebSocket that the test holds, spoken to in lines: Linux's own is not fit for use.
actor LineTransport: WebSocketTransport {
    private let number: Int
    private let output: Output
    private var messages: [String] = []
    private var end: ConnectionFault?
    private var waiting: CheckedContinuation<String, any Error>?

    init(number: Int, output: Output) {
        self.number = number
        self.output = output
    }

    func send(_ text: String) async throws {
        if let end { throw end }
        try await output.write(SocketOrder(op: .send, socket: number, text: text))
    }

    func receive() async throws -> String {
        if !messages.isEmpty { return messages.removeFirst() }
        if let end { throw end }
        return try await withCheckedThrowingContinuation { waiting = $0 }
    }

    func close() async {
        await order(.close)
    }

    func abort() async {
        guard end == nil else { return }
        finish(.closed(code: nil))
        await order(.abort)
    }

    func deliver(_ text: String) {
        if let waiting {
            self.waiting = nil
            waiting.resume(returning: text)
        } else {
            messages.append(text)
        }
    }

    func finish(_ fault: ConnectionFault) {
        guard end == nil else { return }
        end = fault
        waiting?.resume(throwing: fault)
        waiting = nil
    }

    private func order(_ operation: SocketOrder.Operation) async {
        do {
            try await output.write(SocketOrder(op: operation, socket: number))
        } catch {
            finish(.unreachable(reason: "the pipe is closed"))
        }
    }
}
