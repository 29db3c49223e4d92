import Foundation
import Synchronization
import Testing

@testable import DesksideCore

@Suite(.timeLimit(.minutes(1)))
struct VPNSwitchTests {
    private let time = ManualTime()
    private let mac = FakeMac()

    private struct Failure: LocalizedError {
        var errorDescription: String? { "It is damaged." }
    }

    /// Runs a command while the clock runs on; returns all that was announced, the outcome last.
    private func run(
        _ command: VPNCommand, _ mac: FakeMac? = nil, opened: (any Error)? = nil, press: VPNWindow.Press = .pressed
    ) async throws -> [Announcement] {
        let mac = mac ?? self.mac
        let window = VPNWindow(open: { if let opened { throw opened } }, pressConnect: { press })
        let reader = StatusReader(toolbox: mac.toolbox, time: time.source)
        let vpn = VPNSwitch(toolbox: mac.toolbox, reader: reader, window: window, time: time.source)
        let said = Mutex<[Announcement]>([])
        let mover = Task {
            while !Task.isCancelled {
                if time.sleepers > 0 { time.advance(by: .milliseconds(500)) }
                await Task.yield()
            }
        }
        defer { mover.cancel() }
        let outcome = try await vpn.run(command) { announcement in said.withLock { $0.append(announcement) } }
        return said.withLock { $0 } + [outcome]
    }

    private func states(_ states: String...) {
        for state in states { mac.prints("vpn state", ">> state: \(state)") }
    }

    @Test func connects() async throws {
        states("Disconnected", "Disconnected", "Connecting", "Connected")
        #expect(try await run(.connect) == [.connected])
    }

    @Test func whatIsConnectedStaysSo() async throws {
        states("Connected")
        #expect(try await run(.connect, opened: Failure()) == [.connected])
    }

    @Test(arguments: [(VPNWindow.Press.notPermitted, true), (.notFound, false)])
    func asksThePersonToPressWhereItCannot(press: VPNWindow.Press, mayAllow: Bool) async throws {
        states("Disconnected", "Disconnected", "Connected")
        #expect(try await run(.connect, press: press) == [.pressConnect(mayAllow: mayAllow), .connected])
    }

    @Test func aPressThatChangesNothingIsNoSuccess() async throws {
        states("Disconnected")
        #expect(try await run(.connect) == [.notChanged(.disconnected, remark: nil)])
    }

    @Test func anAttemptThatFailsEndsTheWaiting() async throws {
        states("Disconnected", "Connecting")
        mac.prints("vpn state", ">> state: Disconnected\n>> error: Certificate expired")
        #expect(try await run(.connect) == [.notChanged(.disconnected, remark: "error: Certificate expired")])
        #expect(mac.ran.count == 3)
    }

    @Test func anUnreadableStateIsNoSuccess() async throws {
        mac.prints("vpn state", "")
        mac.prints("ifconfig", "")
        #expect(try await run(.connect) == [.notChanged(.unknown, remark: nil)])
    }

    @Test func disconnects() async throws {
        mac.prints("vpn disconnect", try CiscoFixture.text("disconnect-4.7.txt"))
        states("Disconnecting", "Disconnected")
        #expect(try await run(.disconnect) == [.disconnected])
        #expect(mac.ran == ["vpn disconnect", "vpn state", "vpn state"])
    }

    @Test func aDisconnectThatDidNothingIsNoSuccess() async throws {
        mac.prints("vpn disconnect", "  >> state: Disconnected")
        states("Connected")
        #expect(try await run(.disconnect) == [.notChanged(.connected, remark: nil)])
    }

    @Test(arguments: VPNCommand.allCases)
    func withoutCisco(command: VPNCommand) async throws {
        #expect(try await run(command, FakeMac(client: nil)) == [.notInstalled])
    }

    @Test func aWindowThatDoesNotOpen() async throws {
        states("Disconnected")
        #expect(try await run(.connect, opened: Failure()) == [.failed(reason: "It is damaged.")])
        #expect(try await run(.connect, opened: VPNWindowError.notInstalled) == [.notInstalled])
    }

    @Test(arguments: [
        Announcement.connected, .disconnected, .pressConnect(mayAllow: true), .pressConnect(mayAllow: false),
        .notChanged(.unknown, remark: nil), .notChanged(.disconnected, remark: "error: x"), .notInstalled,
        .failed(reason: "It is damaged."),
    ])
    func announcementsAreSentences(announcement: Announcement) {
        #expect(announcement.text.hasSuffix(".") || announcement.text.hasSuffix("”"))
    }
}
