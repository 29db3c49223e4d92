/// The requests that arrived and the answers to them, so that each is carried out once and answered surely.
struct AnswerLedger {
    private struct Answer {
        let text: String
        /// The socket that carried it last.
        var sentOn: Int?
        var deliveries = 0
    }

    static let rememberedRequests = 4096
    static let rememberedAnswers = 64
    static let mostDeliveries = 4

    private var known: Set<String> = []
    private var arrivals: [String] = []
    private var answers: [String: Answer] = [:]
    private var answered: [String] = []

    /// False when the request is known.
    mutating func admit(_ id: String) -> Bool {
        guard known.insert(id).inserted else { return false }
        arrivals.append(id)
        if arrivals.count > Self.rememberedRequests { known.remove(arrivals.removeFirst()) }
        return true
    }

    mutating func record(_ id: String, text: String) {
        guard answers[id] == nil else { return }
        answers[id] = Answer(text: text)
        answered.append(id)
        guard answered.count > Self.rememberedAnswers else { return }
        // One that nobody has received yet is kept longer than one that was sent.
        let index = answered.firstIndex { answers[$0]?.sentOn != nil } ?? answered.startIndex
        answers[answered.remove(at: index)] = nil
    }

    /// The answer, now taken to be sent on this socket, unless this very socket has carried it.
    mutating func claim(_ id: String, socket: Int) -> String? {
        guard var answer = answers[id], answer.sentOn != socket else { return nil }
        answer.sentOn = socket
        answer.deliveries += 1
        answers[id] = answer
        return answer.text
    }

    /// It was not sent after all, or the server closes the connection without having taken it.
    mutating func release(_ id: String) {
        answers[id]?.sentOn = nil
    }

    /// How often it was sent when sending it once more can help; nil when it was sent often enough.
    func deliveries(_ id: String) -> Int? {
        answers[id].flatMap { $0.deliveries < Self.mostDeliveries ? $0.deliveries : nil }
    }

    var unsent: [String] { answered.filter { answers[$0]?.sentOn == nil } }
}
