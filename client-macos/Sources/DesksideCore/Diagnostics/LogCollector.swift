/// Collects the outputs that make up one kind of log.
public struct LogCollector: Sendable {
    /// Of one program's output, before redaction; more than can be sent.
    static let bodyBudget = 64 * 1024

    private let toolbox: Toolbox
    private let redactor: Redactor
    private let time: TimeSource

    public init(toolbox: Toolbox, redactor: Redactor, time: TimeSource) {
        self.toolbox = toolbox
        self.redactor = redactor
        self.time = time
    }

    static func programs(for type: LogType) -> [Program] {
        switch type {
        case .vpn: [.vpnState, .vpnStatistics]
        case .network: [.interfaces, .routes]
        case .system: [.systemLog]
        }
    }

    /// Throws `ProgramError` when not one of the programs could be run.
    public func log(_ type: LogType, within budget: Duration) async throws -> CollectedLog {
        let deadline = time.now() + budget
        var sections: [LogSection] = []
        var failure: ProgramError?
        var ranOne = false
        var isCut = false
        for program in Self.programs(for: type) {
            do {
                let left = time.now().duration(to: deadline)
                let (invocation, output) = try await toolbox.run(program, within: left)
                ranOne = true
                isCut = isCut || output.isCut
                sections.append(LogSection(program, invocation, output, body: output.text.plainText.withoutBlankEnd))
            } catch let error as ProgramError {
                failure = error
                guard let invocation = program.invocation(of: toolbox.client) else { continue }
                sections.append(LogSection(program, notStarted: invocation))
            }
        }
        if let failure, !ranOne { throw failure }

        // Cut in whole lines first, so that redaction meets no half secret; and once more to what can be sent.
        isCut = sections.cut(to: Self.bodyBudget * sections.count) || isCut
        for (index, body) in redactor.redacted(sections.map(\.body)).enumerated() { sections[index].body = body }
        isCut = sections.cut(to: ContentLimit.bytes - sections.reduce(0) { $0 + $1.frameCost }) || isCut
        return CollectedLog(
            type: type, programs: sections.map(\.invocation), text: sections.map(\.text).joined(separator: "\n"),
            isCut: isCut)
    }
}

extension [LogSection] {
    /// Cuts the longest bodies until all of them cost no more than the budget; returns whether it had to.
    fileprivate mutating func cut(to budget: Int) -> Bool {
        let costs = map { ContentLimit.cost($0.body) }
        var left = budget
        var isCut = false
        // From the shortest on: what one leaves of its equal share the longer ones divide.
        for (done, index) in indices.sorted(by: { costs[$0] < costs[$1] }).enumerated() {
            let share = left / (count - done)
            let excerpt = Excerpt(of: self[index].body, budget: share, keeping: self[index].keptEnd)
            self[index].body = excerpt.text
            isCut = isCut || excerpt.isCut
            left -= Swift.min(costs[index], share)
        }
        return isCut
    }
}

extension String {
    fileprivate var withoutBlankEnd: String {
        var rest = self[...]
        while let last = rest.last, last.isWhitespace { rest.removeLast() }
        return String(rest)
    }
}
