import Testing

@testable import DesksideCore

@Suite(.timeLimit(.minutes(1)))
struct StatusReaderTests {
    private let time = ManualTime()

    private func status(_ mac: FakeMac, within budget: Duration = .seconds(28)) async throws -> VPNStatus {
        let reading = Task { try await StatusReader(toolbox: mac.toolbox, time: time.source).status(within: budget) }
        let mover = Task {
            while !Task.isCancelled {
                if time.sleepers > 0 { time.advance(by: StatusReader.pause) }
                await Task.yield()
            }
        }
        defer { mover.cancel() }
        return try await reading.value
    }

    @Test func oneGoodReadingIsEnough() async throws {
        let mac = FakeMac(["vpn state": ">> state: Connected"])
        #expect(try await status(mac).state == .connected)
        #expect(mac.ran == ["vpn state"])
        #expect(mac.timeouts == [.seconds(12)])
    }

    @Test func aSilentServiceIsAskedAgain() async throws {
        let mac = FakeMac()
        mac.prints("vpn state", try CiscoFixture.text("state-never-attached.txt"))
        mac.prints("vpn state", "", .timedOut)
        mac.prints("vpn state", ">> state: Disconnected")
        #expect(try await status(mac).state == .disconnected)
        #expect(mac.ran.count == 3)
    }

    @Test func afterThreeTriesItIsUnknownAndTheTunnelIsLookedAt() async throws {
        let mac = FakeMac(["vpn state": "", "ifconfig": "utun4: flags=1\n\tinet 10.3.3.3\n"])
        #expect(try await status(mac) == VPNStatus(state: .unknown, tunnel: "utun4"))
        #expect(mac.ran == ["vpn state", "vpn state", "vpn state", "ifconfig"])
    }

    @Test func theBudgetIsNeverOverspent() async throws {
        let time = time
        let mac = FakeMac()
        mac.answers("vpn state") { limits in
            time.advance(by: limits.timeout)
            return ProgramOutput(text: "", ending: .timedOut)
        }
        #expect(try await status(mac, within: .seconds(20)) == VPNStatus(state: .unknown))
        #expect(mac.timeouts == [.seconds(12), .milliseconds(7500)])
    }

    @Test func withoutCiscoThereIsNothingToAsk() async {
        let mac = FakeMac(client: nil)
        await #expect(throws: ProgramError.missing(path: "/opt/cisco/secureclient/bin/vpn")) { try await status(mac) }
        #expect(mac.ran.isEmpty)
    }

    @Test func theOldClientIsUsedWhereThereIsNoNewOne() async throws {
        let mac = FakeMac(client: .anyConnect, ["vpn state": ">> state: Connected"])
        #expect(try await status(mac).state == .connected)
        #expect(mac.invocations.map(\.executable) == ["/opt/cisco/anyconnect/bin/vpn"])
    }
}
