/// The prompts without an answer, and what has been heard of each. Hands every event on once.
struct TurnLedger {
    private struct Turn {
        let text: String
        var seen: Set<Int> = []
        var answerBytes = 0
        /// The socket that carried it last.
        var sentOn: Int?
    }

    private var turns: [String: Turn] = [:]
    private var order: [String] = []

    var isActive: Bool { !turns.isEmpty }
    var openIDs: [String] { order }

    /// False when a turn of this id is open.
    mutating func open(_ requestID: String, text: String) -> Bool {
        guard turns[requestID] == nil else { return false }
        turns[requestID] = Turn(text: text)
        order.append(requestID)
        return true
    }

    mutating func close(_ requestID: String) {
        turns[requestID] = nil
        order.removeAll { $0 == requestID }
    }

    /// The prompts this socket has not carried, now taken to be sent on it, oldest first.
    ///
    /// One that was heard of is sent again too: the server runs one `request_id` once, and repeats the end of a turn
    /// that finished while nobody listened.
    mutating func claim(socket: Int) -> [(id: String, text: String)] {
        order.compactMap { id in
            guard var turn = turns[id], turn.sentOn != socket else { return nil }
            turn.sentOn = socket
            turns[id] = turn
            return (id, turn.text)
        }
    }

    /// It was not sent after all.
    mutating func release(_ requestID: String, socket: Int) {
        if turns[requestID]?.sentOn == socket { turns[requestID]?.sentOn = nil }
    }

    /// Whether the event is news for an open turn. The end of a turn closes it.
    mutating func receive(_ event: TurnEvent) -> Bool {
        guard let id = event.requestID, var turn = turns[id] else { return false }
        if case .failed(let error) = event, error.code.closesConnection {
            // The prompt goes out again on the next socket.
            return false
        }
        if event.endsTurn {
            close(id)
            return true
        }
        if let seq = event.seq, !turn.seen.insert(seq).inserted { return false }
        if case .delta(let delta) = event {
            guard turn.answerBytes + delta.text.utf8.count <= Limits.answerBytes else { return false }
            turn.answerBytes += delta.text.utf8.count
        }
        // Any event that costs memory but no text is bounded as well.
        guard turn.seen.count <= Limits.answerBytes / 16 else { return false }
        turns[id] = turn
        return true
    }
}
