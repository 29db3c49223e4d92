/// What is heard of one prompt.
public enum TurnEvent: Sendable, Equatable {
    case accepted(ChatAccepted)
    case activity(Activity)
    case delta(AnswerDelta)
    case answer(Answer)
    case failed(ServerError)

    public var requestID: String? {
        switch self {
        case .accepted(let event): event.requestID
        case .activity(let event): event.requestID
        case .delta(let event): event.requestID
        case .answer(let event): event.requestID
        case .failed(let event): event.requestID
        }
    }

    var seq: Int? {
        switch self {
        case .accepted(let event): event.seq
        case .activity(let event): event.seq
        case .delta(let event): event.seq
        case .answer(let event): event.seq
        case .failed(let event): event.seq
        }
    }

    /// Nothing of its turn follows.
    var endsTurn: Bool {
        switch self {
        case .answer, .failed: true
        case .accepted, .activity, .delta: false
        }
    }
}
