/// One prompt and what came of it.
public struct Exchange: Sendable, Equatable, Identifiable {
    public enum Phase: Sendable, Equatable {
        /// On its way, or waiting for a connection.
        case sending
        case queued(position: Int)
        case working
        case answered(complete: Bool)
        case failed(ServerError)
    }

    /// Something the agent did for the answer.
    public struct Step: Sendable, Equatable, Identifiable {
        public let id: String
        public internal(set) var text: String
        /// How it ended, in the words of the wire; nil while it is under way.
        public internal(set) var outcome: String?
        public internal(set) var isFinished: Bool
    }

    public let id: String
    public let prompt: String
    public private(set) var phase = Phase.sending
    public private(set) var answer = ""
    public private(set) var steps: [Step] = []
    /// Deltas by place: one that overtook another must not stand before it.
    private var pieces: [Int: String] = [:]
    private var lastPiece = -1

    init(id: String, prompt: String) {
        self.id = id
        self.prompt = prompt
    }

    /// No end has come yet.
    public var isOpen: Bool {
        switch phase {
        case .sending, .queued, .working: true
        case .answered, .failed: false
        }
    }

    public var canRetry: Bool {
        if case .failed(let error) = phase { error.retryable } else { false }
    }

    /// What the agent is doing right now.
    public var currentStep: Step? { isOpen ? steps.last { !$0.isFinished } : nil }
}

extension Exchange {
    mutating func apply(_ event: TurnEvent) {
        guard isOpen else { return }
        switch event {
        case .accepted(let accepted):
            let position = accepted.position ?? 0
            // One that overtook the second, which says that the turn began, must not undo it.
            if accepted.status == .queued, phase == .sending { phase = .queued(position: position) }
            if accepted.status == .accepted { phase = .working }
        case .activity(let activity):
            phase = .working
            apply(activity)
        case .delta(let delta):
            phase = .working
            add(delta)
        case .answer(let whole):
            // The deltas are the whole answer where the event itself could not carry it.
            let truncated = whole.truncated ?? false
            let isComplete = !truncated || pieces.values.reduce(0) { $0 + $1.utf8.count } >= whole.text.utf8.count
            if !truncated || answer.utf8.count < whole.text.utf8.count { answer = whole.text }
            finish(.answered(complete: isComplete))
        case .failed(let error):
            finish(.failed(error))
        }
    }

    private mutating func apply(_ activity: Activity) {
        let isFinished = activity.status == .finished
        guard let index = steps.firstIndex(where: { $0.id == activity.toolCallID }) else {
            steps.append(
                Step(
                    id: activity.toolCallID, text: activity.message, outcome: activity.outcome,
                    isFinished: isFinished))
            return
        }
        guard isFinished else { return }
        steps[index].text = activity.message
        steps[index].outcome = activity.outcome
        steps[index].isFinished = true
    }

    private mutating func add(_ delta: AnswerDelta) {
        pieces[delta.seq] = delta.text
        if delta.seq > lastPiece {
            lastPiece = delta.seq
            answer += delta.text
        } else {
            answer = pieces.sorted { $0.key < $1.key }.map(\.value).joined()
        }
    }

    private mutating func finish(_ end: Phase) {
        phase = end
        pieces = [:]
        for index in steps.indices { steps[index].isFinished = true }
    }
}
