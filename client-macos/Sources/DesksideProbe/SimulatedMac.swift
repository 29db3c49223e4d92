import DesksideCore

/// The outside of a Mac: what its programs print, what its buttons do, and what its person says.
actor SimulatedMac {
    private enum Kind: String {
        case status, logs, change
    }

    private var isConnected: Bool
    private var declined: Set<String> = []
    private var held: Set<String> = []
    private var waiting: [CheckedContinuation<Void, Never>] = []
    private let output: Output

    init(isConnected: Bool, output: Output) {
        self.isConnected = isConnected
        self.output = output
    }

    /// What the person says from now on. A question that is held waits until it is not held any more.
    func consent(declining declined: [String], holding held: [String]) {
        self.declined = Set(declined)
        self.held = Set(held)
        for continuation in waiting { continuation.resume() }
        waiting = []
    }

    nonisolated var runner: ProcessRunner {
        ProcessRunner { invocation, _ in ProgramOutput(text: await self.run(invocation)) }
    }

    nonisolated var window: VPNWindow {
        VPNWindow(open: {}, pressConnect: { await self.press() })
    }

    nonisolated var prompt: ConsentPrompt {
        ConsentPrompt { await self.decide($0) }
    }

    private func run(_ invocation: Invocation) -> String {
        switch invocation.commandLine {
        case "vpn state":
            return ">> state: \(isConnected ? "Connected" : "Disconnected")\n"
        case "vpn stats":
            return """
                [ Connection Information ]
                    Connection State:            \(isConnected ? "Connected" : "Disconnected")
                  >> error: DNS resolution failed, token=ey12345678901234567890
                """
        case "vpn disconnect":
            isConnected = false
            return ">> state: Disconnecting\n>> state: Disconnected\n"
        default:
            return "nothing to see\n"
        }
    }

    private func press() -> VPNWindow.Press {
        isConnected = true
        return .pressed
    }

    private func decide(_ request: ConsentRequest) async -> ConsentDecision {
        let kind: Kind =
            switch request.subject {
            case .status: .status
            case .log: .logs
            case .change: .change
            }
        await note(kind, "asked")
        while held.contains(kind.rawValue) {
            await withCheckedContinuation { waiting.append($0) }
        }
        let decision: ConsentDecision = declined.contains(kind.rawValue) ? .declined : .approved
        await note(kind, decision == .approved ? "approved" : "declined")
        return decision
    }

    private func note(_ kind: Kind, _ outcome: String) async {
        await output.report(Handled(task: kind.rawValue, outcome: outcome))
    }
}
