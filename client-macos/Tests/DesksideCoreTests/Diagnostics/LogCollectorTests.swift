import Foundation
import Testing

@testable import DesksideCore

@Suite(.timeLimit(.minutes(1)))
struct LogCollectorTests {
    private let time = ManualTime()
    private static let logShow =
        #"log show --last 15m --style compact --predicate 'process == "vpnagentd" OR process == "Cisco Secure Client"'"#

    private func log(_ type: LogType, _ mac: FakeMac, within budget: Duration = .seconds(100)) async throws
        -> CollectedLog
    {
        try await LogCollector(toolbox: mac.toolbox, redactor: Redactor(), time: time.source).log(type, within: budget)
    }

    @Test func vpn() async throws {
        let mac = FakeMac(["vpn state": "  >> state: Connected\n", "vpn stats": "from 203.0.113.10\r\n"])
        let log = try await log(.vpn, mac)
        #expect(log.text == "$ vpn state\n  >> state: Connected\n$ vpn stats\nfrom [public 1]")
        #expect(log.programs.map(\.commandLine) == ["vpn state", "vpn stats"])
        #expect(!log.isCut)
    }

    @Test func network() async throws {
        let mac = FakeMac([
            "ifconfig": "en0:\n\tether 3c:06:30:2a:9b:11\n", "netstat -rn": "10.0.0.1 3c:06:30:2a:9b:11\n",
        ])
        let log = try await log(.network, mac)
        #expect(log.text == "$ ifconfig\nen0:\n\tether [mac 1]\n$ netstat -rn\n10.0.0.1 [mac 1]")
    }

    @Test func systemSaysWhatItWasRefused() async throws {
        let mac = FakeMac()
        mac.prints(Self.logShow, "log: Must be admin to run 'show' command\n", .exited(64))
        let log = try await log(.system, mac)
        #expect(log.text == "$ \(Self.logShow)\nlog: Must be admin to run 'show' command\n[exit status 64]")
    }

    @Test(arguments: [
        (ProgramOutput.Ending.exited(0), "", "$ netstat -rn\n[no output]"),
        (.exited(1), "x", "$ netstat -rn\nx\n[exit status 1]"),
        (.signalled(9), "x", "$ netstat -rn\nx\n[ended by signal 9]"),
        (.timedOut, "x", "$ netstat -rn\nx\n[stopped: it took too long]"),
        (.outputLimit, "x", "$ netstat -rn\nx\n[stopped: it printed too much]"),
    ])
    func endings(ending: ProgramOutput.Ending, text: String, section: String) async throws {
        let mac = FakeMac(["ifconfig": "en0"])
        mac.prints("netstat -rn", text, ending)
        #expect(try await log(.network, mac).text == "$ ifconfig\nen0\n" + section)
    }

    @Test func oneProgramThatIsMissingDoesNotHideTheOther() async throws {
        let log = try await log(.network, FakeMac(["netstat -rn": "routes"]))
        #expect(log.text == "$ ifconfig\n[could not be started]\n$ netstat -rn\nroutes")
    }

    @Test(arguments: LogType.allCases)
    func nothingToRunIsAnError(type: LogType) async {
        await #expect(throws: ProgramError.self) { try await log(type, FakeMac(client: nil)) }
    }

    @Test func theBudgetIsShared() async throws {
        let time = time
        let mac = FakeMac()
        for line in ["ifconfig", "netstat -rn"] {
            mac.answers(line) { limits in
                time.advance(by: limits.timeout)
                return ProgramOutput(text: "", ending: .timedOut)
            }
        }
        _ = try await log(.network, mac, within: .seconds(14))
        #expect(mac.timeouts == [.seconds(10), .seconds(4)])
    }

    @Test func aSmallSectionIsKeptWholeBesideAHugeOne() async throws {
        let lines = (0..<20_000).map { "line \($0)" }.joined(separator: "\n")
        let log = try await log(.network, FakeMac(["ifconfig": lines, "netstat -rn": "the only route"]))
        #expect(log.isCut)
        #expect(log.text.hasPrefix("$ ifconfig\nline 0\nline 1\n"))
        #expect(log.text.hasSuffix("\n[…]\n$ netstat -rn\nthe only route"))
        #expect(log.text.utf8.count > 20_000)
    }

    @Test func theNewestLinesOfALogAreKept() async throws {
        let lines = (0..<20_000).map { "line \($0)" }.joined(separator: "\n")
        let log = try await log(.system, FakeMac([Self.logShow: lines]))
        #expect(log.isCut)
        #expect(log.text.hasPrefix("$ \(Self.logShow)\n[…]\nline "))
        #expect(log.text.hasSuffix("\nline 19998\nline 19999"))
    }

    @Test(arguments: ["x", "\"\\/", "🙂", "\u{1}\n", "\u{FFFD}ü\t", "secret=aaaaaaaaaaaaaaaaaaaaaaaaa\n"])
    func whateverIsPrintedFitsTheFrame(part: String) async throws {
        let huge = String(repeating: part, count: 80_000 / part.utf8.count)
        let mac = FakeMac([
            "ifconfig": huge, "netstat -rn": huge, "vpn state": huge, "vpn stats": huge, Self.logShow: huge,
        ])
        for type in LogType.allCases {
            let text = try await log(type, mac).text
            #expect(text.utf8.count <= ContentLimit.bytes)
            #expect(try JSONEncoder().encode(text).count <= Limits.frameBytes - 512)
        }
    }
}
