/// The output of one program within a log, under its command line.
struct LogSection {
    let program: Program
    let invocation: Invocation
    var body: String
    /// What there is to know about the run, in our words.
    let note: String?

    init(_ program: Program, _ invocation: Invocation, _ output: ProgramOutput, body: String) {
        self.program = program
        self.invocation = invocation
        self.body = body
        note =
            switch output.ending {
            case .exited(0): body.isEmpty ? "[no output]" : nil
            case .exited(let status): "[exit status \(status)]"
            case .signalled(let signal): "[ended by signal \(signal)]"
            case .timedOut: "[stopped: it took too long]"
            case .outputLimit: "[stopped: it printed too much]"
            }
    }

    init(_ program: Program, notStarted invocation: Invocation) {
        self.program = program
        self.invocation = invocation
        body = ""
        note = "[could not be started]"
    }

    /// The newest lines of a log say most; of everything else the first do.
    var keptEnd: Excerpt.End { program == .systemLog ? .end : .beginning }

    var text: String { text(of: body) }

    /// What the section costs whatever becomes of its body.
    var frameCost: Int { ContentLimit.cost(text(of: "")) + ContentLimit.cost("\n\n") }

    private func text(of body: String) -> String {
        ["$ \(invocation.commandLine)", body, note ?? ""].filter { !$0.isEmpty }.joined(separator: "\n")
    }
}
