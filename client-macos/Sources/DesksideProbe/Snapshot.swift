import DesksideCore

/// What a window would show now.
struct Snapshot: Encodable {
    struct Turn: Encodable {
        let id: String
        let prompt: String
        let answer: String
        let phase: String
        let steps: [Step]
    }

    struct Step: Encodable {
        let text: String
        let outcome: String?
    }

    let op = "snapshot"
    let status: String
    let advice: String?
    let state: String
    let problem: String?
    let turns: [Turn]

    @MainActor init(_ chat: ChatModel) {
        status = chat.status.title
        advice = chat.status.advice
        state = Self.word(chat.connection)
        problem = chat.problem?.text
        turns = chat.exchanges.map { exchange in
            Turn(
                id: exchange.id, prompt: exchange.prompt, answer: exchange.answer, phase: Self.word(exchange.phase),
                steps: exchange.steps.map { Step(text: $0.text, outcome: $0.outcome) })
        }
    }

    private static func word(_ state: ConnectionState) -> String {
        switch state {
        case .idle: "idle"
        case .connecting: "connecting"
        case .ready: "ready"
        case .renewing: "renewing"
        case .waiting: "waiting"
        case .signedOut: "signed_out"
        case .stopped: "stopped"
        }
    }

    private static func word(_ phase: Exchange.Phase) -> String {
        switch phase {
        case .sending: "sending"
        case .queued: "queued"
        case .working: "working"
        case .answered(let complete): complete ? "answered" : "cut"
        case .failed(let error): error.code.rawValue
        }
    }
}
