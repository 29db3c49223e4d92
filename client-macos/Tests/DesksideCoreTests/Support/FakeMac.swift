import Synchronization

@testable import DesksideCore

/// A Mac whose programs print what a test says, and which remembers what was run.
final class FakeMac: Sendable {
    typealias Answer = @Sendable (ProcessLimits) async throws -> ProgramOutput

    private struct State {
        var answers: [String: [Answer]] = [:]
        var ran: [Invocation] = []
        var limits: [ProcessLimits] = []
    }

    private let state = Mutex(State())
    private let client: CiscoClient?

    init(client: CiscoClient? = .secureClient, _ outputs: [String: String] = [:]) {
        self.client = client
        for (line, text) in outputs { prints(line, text) }
    }

    var ran: [String] { state.withLock { $0.ran.map(\.commandLine) } }
    var invocations: [Invocation] { state.withLock { $0.ran } }
    var timeouts: [Duration] { state.withLock { $0.limits.map(\.timeout) } }

    /// What a command line prints next; the last one said goes on for ever.
    func prints(_ line: String, _ text: String, _ ending: ProgramOutput.Ending = .exited(0)) {
        answers(line) { _ in ProgramOutput(text: text, ending: ending) }
    }

    func answers(_ line: String, _ answer: @escaping Answer) {
        state.withLock { $0.answers[line, default: []].append(answer) }
    }

    var toolbox: Toolbox {
        let client = client
        return Toolbox(
            runner: ProcessRunner { try await self.run($0, $1) }, isExecutable: { $0 == client?.rawValue },
            didRun: { _, _ in })
    }

    private func run(_ invocation: Invocation, _ limits: ProcessLimits) async throws -> ProgramOutput {
        let answer: Answer? = state.withLock { state in
            state.ran.append(invocation)
            state.limits.append(limits)
            guard var answers = state.answers[invocation.commandLine], !answers.isEmpty else { return nil }
            let next = answers.count > 1 ? answers.removeFirst() : answers[0]
            state.answers[invocation.commandLine] = answers
            return next
        }
        guard let answer else { throw ProgramError.missing(path: invocation.executable) }
        return try await answer(limits)
    }
}
