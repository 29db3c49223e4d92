import Foundation

/// Runs the closed set of programs on this Mac, and tells the list of what was run.
public struct Toolbox: Sendable {
    public var runner: ProcessRunner
    public var isExecutable: @Sendable (String) -> Bool
    public var didRun: @Sendable (Invocation, ProgramOutput.Ending) async -> Void

    public init(
        runner: ProcessRunner,
        isExecutable: @escaping @Sendable (String) -> Bool = { FileManager.default.isExecutableFile(atPath: $0) },
        didRun: @escaping @Sendable (Invocation, ProgramOutput.Ending) async -> Void
    ) {
        self.runner = runner
        self.isExecutable = isExecutable
        self.didRun = didRun
    }

    public var client: CiscoClient? { .installed(isExecutable) }

    /// - Parameter budget: ends the program earlier than its own timeout would.
    func run(_ program: Program, within budget: Duration? = nil) async throws -> (Invocation, ProgramOutput) {
        guard let invocation = program.invocation(of: client) else {
            throw ProgramError.missing(path: CiscoClient.secureClient.rawValue)
        }
        var limits = program.limits
        if let budget { limits.timeout = min(limits.timeout, max(budget, .zero)) }
        let output = try await runner.run(invocation, limits)
        await didRun(invocation, output.ending)
        return (invocation, output)
    }
}
