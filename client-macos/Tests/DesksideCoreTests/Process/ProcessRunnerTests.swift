import Foundation
import Testing

@testable import DesksideCore

/// Real programs, so real time: each waits for an end, none for a while to pass.
@Suite(.timeLimit(.minutes(1)))
struct ProcessRunnerTests {
    private func run(_ executable: String, _ arguments: [String], _ limits: ProcessLimits) async throws -> ProgramOutput
    {
        try await ProcessRunner.live.run(Invocation(executable, arguments), limits)
    }

    private func shell(_ script: String, _ limits: ProcessLimits) async throws -> ProgramOutput {
        try await run("/bin/sh", ["-c", script], limits)
    }

    private let ample = ProcessLimits(timeout: .seconds(30))

    @Test func bothOutputsAreReadInOrder() async throws {
        let output = try await shell("echo one; echo two >&2; echo three; exit 3", ample)
        #expect(output == ProgramOutput(text: "one\ntwo\nthree\n", ending: .exited(3)))
    }

    @Test func argumentsAreNotInterpreted() async throws {
        let text = "$(id); `id` && rm -rf / | cat > x 'y' \"z\" \\"
        let output = try await run("/bin/echo", [text], ample)
        #expect(output.text == text + "\n")
    }

    @Test func nothingIsInherited() async throws {
        let output = try await shell("env | sort | cut -d= -f1; cat; ls /proc/self/fd 2>/dev/null | wc -l", ample)
        let names = output.text.split(separator: "\n").filter { !["_", "PWD", "SHLVL", "OLDPWD"].contains($0) }
        #expect(names.prefix(3) == ["HOME", "LC_ALL", "PATH"])
        #if os(Linux)
            // stdin, stdout, stderr, and the folder `ls` reads.
            #expect(names.last == "4")
        #endif
    }

    @Test(arguments: ["/nonexistent/vpn", "/opt/cisco/secureclient/bin/nothing"])
    func missingProgram(path: String) async {
        await #expect(throws: ProgramError.missing(path: path)) { try await run(path, [], ample) }
    }

    @Test func unrunnableProgram() async {
        await #expect(throws: ProgramError.self) { try await run("/etc/passwd", [], ample) }
    }

    @Test func deathBySignal() async throws {
        #expect(try await shell("kill -9 $$", ample).ending == .signalled(SIGKILL))
    }

    @Test(arguments: [
        "echo begun; exec sleep 600",
        // Deaf to SIGTERM.
        "trap '' TERM; echo begun; while :; do sleep 1; done",
        // A grandchild holds the pipe and outlives its parent.
        "echo begun; sleep 600 & wait",
    ])
    func tooSlow(script: String) async throws {
        let limits = ProcessLimits(timeout: .milliseconds(200), grace: .milliseconds(50))
        let output = try await shell(script, limits)
        #expect(output == ProgramOutput(text: "begun\n", ending: .timedOut))
    }

    @Test func grandchildrenDoNotOutliveATimeout() async throws {
        let limits = ProcessLimits(timeout: .milliseconds(200), grace: .milliseconds(50))
        let output = try await shell("sleep 600 & echo $!; wait", limits)
        let grandchild = try #require(pid_t(output.text.trimmingCharacters(in: .whitespacesAndNewlines)))
        #expect(await eventually { isGone(grandchild) })
    }

    @Test func aGrandchildThatKeepsTheOutputOpenIsNotAwaited() async throws {
        let output = try await shell("sleep 5 & echo done", ample)
        #expect(output == ProgramOutput(text: "done\n", ending: .exited(0)))
    }

    @Test func aProgramThatClosesItsOutputIsAwaited() async throws {
        let output = try await shell("echo out; exec >&- 2>&-; sleep 0.1; exit 7", ample)
        #expect(output == ProgramOutput(text: "out\n", ending: .exited(7)))
    }

    @Test func endlessOutputIsCutAndItsProgramEnded() async throws {
        let limits = ProcessLimits(timeout: .seconds(30), output: .first(10_000))
        let output = try await shell("yes 0123456789", limits)
        #expect(output.ending == .outputLimit)
        #expect(output.isCut)
        #expect(output.text.utf8.count == 9_999)
        #expect(output.text.hasPrefix("0123456789\n0123456789\n"))
    }

    @Test func theEndOfALongOutputIsKept() async throws {
        let limits = ProcessLimits(timeout: .seconds(30), output: .last(1_000))
        let output = try await shell("i=0; while [ $i -lt 5000 ]; do echo line $i; i=$((i+1)); done", limits)
        #expect(output.ending == .exited(0))
        #expect(output.isCut)
        #expect((900...1_000).contains(output.text.utf8.count))
        #expect(output.text.hasSuffix("line 4998\nline 4999\n"))
    }

    @Test func cancellingTheCallerEndsTheProgram() async throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString).path
        let task = Task { try await shell("echo $$ > \(folder); exec sleep 600", ample) }
        #expect(await eventually { (try? String(contentsOfFile: folder, encoding: .utf8))?.hasSuffix("\n") == true })
        let child = try #require(
            pid_t(String(contentsOfFile: folder, encoding: .utf8).trimmingCharacters(in: .whitespacesAndNewlines)))
        task.cancel()
        await #expect(throws: CancellationError.self) { try await task.value }
        #expect(isGone(child))
        try FileManager.default.removeItem(atPath: folder)
    }

    @Test func aCancelledCallerStartsNothing() async throws {
        let task = Task {
            withUnsafeCurrentTask { $0?.cancel() }
            return try await run("/nonexistent", [], ample)
        }
        await #expect(throws: CancellationError.self) { try await task.value }
    }

    @Test func manyAtOnce() async throws {
        let texts = try await withThrowingTaskGroup(of: String.self) { group in
            for number in 0..<64 { group.addTask { try await run("/bin/echo", ["\(number)"], ample).text } }
            return try await group.reduce(into: Set<String>()) { $0.insert($1) }
        }
        #expect(texts.count == 64)
    }

    private func isGone(_ process: pid_t) -> Bool {
        if kill(process, 0) != 0 { return true }
        // A zombie whose parent is gone may wait a while for whoever reaps it.
        let state = try? String(contentsOfFile: "/proc/\(process)/stat", encoding: .utf8)
        return state?.contains(") Z") ?? false
    }

    private func eventually(_ condition: () -> Bool) async -> Bool {
        for _ in 0..<20_000 {
            if condition() { return true }
            await Task.yield()
            usleep(500)
        }
        return false
    }
}
