import Testing

@testable import DesksideCore

@MainActor struct VPNMonitorTests {
    @Test func readsAgainAndAgain() async {
        let (mac, time) = (FakeMac(), Schedule())
        mac.prints("vpn state", ">> state: Connected")
        mac.prints("vpn state", ">> state: Disconnected")
        let monitor = VPNMonitor(reader: StatusReader(toolbox: mac.toolbox, time: time.source), time: time.source)
        #expect(monitor.reading == .notRead)
        let running = Task { await monitor.run() }
        await until { await monitor.reading == .state(.connected) }
        await time.pass(VPNMonitor.pause)
        await until { await monitor.reading == .state(.disconnected) }
        running.cancel()
        await running.value
        #expect(mac.ran == ["vpn state", "vpn state"])
    }

    @Test func saysThatCiscoIsMissing() async {
        let monitor = VPNMonitor(reader: StatusReader(toolbox: FakeMac(client: nil).toolbox, time: .continuous))
        await monitor.refresh()
        #expect(monitor.reading == .notInstalled)
    }
}
