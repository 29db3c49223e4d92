extension SentLogEntry {
    public var title: String {
        let title =
            switch event {
            case .ran(let invocation, _): "Ran \(invocation.commandLine)"
            case .sent: "Sent to the assistant"
            case .refused(.declined, _): "Declined"
            case .refused: "Refused"
            case .announced: "Done on this Mac"
            }
        return count > 1 ? "\(title) (\(count) times)" : title
    }

    /// Of what was sent, all of it.
    public var detail: String {
        switch event {
        case .ran(_, .exited(0)): "It ended as it should."
        case .ran(_, .exited(let status)): "It ended with status \(status)."
        case .ran(_, .signalled(let signal)): "It was ended by signal \(signal)."
        case .ran(_, .timedOut): "It was stopped: it took too long."
        case .ran(_, .outputLimit): "It was stopped: it printed too much."
        case .sent(let content): content
        case .refused(_, let message): message
        case .announced(let announcement): announcement.text
        }
    }

    /// The name of an SF Symbol.
    public var symbol: String {
        switch event {
        case .ran: "terminal"
        case .sent: "paperplane"
        case .refused: "hand.raised"
        case .announced: "checkmark.circle"
        }
    }
}
