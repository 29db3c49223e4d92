extension Exchange {
    public var blocks: [MarkdownBlock] { MarkdownReader.blocks(of: answer) }

    public var canCopy: Bool { !answer.isEmpty }

    /// What to say below the answer.
    public var note: String? {
        switch phase {
        case .sending: "Sending…"
        case .queued(let position) where position > 0:
            "Waiting for \(position) earlier message\(position > 1 ? "s" : "")…"
        case .queued, .working: answer.isEmpty && currentStep == nil ? "Thinking…" : nil
        case .answered(complete: true): nil
        case .answered(complete: false): "A part of this answer did not arrive. Ask again, or for a shorter answer."
        case .failed(let error): error.message
        }
    }

    public var hasFailed: Bool {
        if case .failed = phase { true } else { false }
    }
}

extension Exchange.Step {
    /// The outcome in words; nil while it is under way.
    public var outcomeText: String? {
        isFinished ? (outcome ?? "done").replacing("_", with: " ") : nil
    }

    /// The name of an SF Symbol.
    public var symbol: String {
        switch outcome {
        case _ where !isFinished: "ellipsis.circle"
        case "declined": "hand.raised"
        case "timed_out", "not_connected", "not_installed", "failed", "error": "exclamationmark.circle"
        default: "checkmark.circle"
        }
    }

    /// What VoiceOver says.
    public var spoken: String {
        outcomeText.map { "\(text): \($0)" } ?? "\(text), under way"
    }
}
