import Testing

@testable import DesksideCore

struct VPNStatusTests {
    static let fixtures: [String: VPNStatus] = [
        "disconnect-4.7.txt": VPNStatus(state: .disconnected),
        "stats-5.txt": VPNStatus(state: .connected),
        "stats-4.5.txt": VPNStatus(state: .connected),
        "state-never-attached.txt": VPNStatus(state: .unknown),
        "state-after-audit-5.1.14.txt": VPNStatus(state: .connected),
        "state-carriage-returns.txt": VPNStatus(state: .reconnecting),
        "state-service-in-use.txt": VPNStatus(
            state: .disconnected,
            remarks: [
                "error: Connect capability is unavailable because the VPN service is in use",
                "warning: Another Cisco Secure Client application acquired it.",
            ]),
    ]

    @Test(arguments: fixtures)
    func fixture(name: String, status: VPNStatus) throws {
        #expect(VPNStatus(output: try CiscoFixture.text(name)) == status)
    }

    @Test func everyFixtureIsRead() throws {
        #expect(try CiscoFixture.names() == Set(Self.fixtures.keys))
    }

    @Test(arguments: [
        ("", VPNState.unknown),
        (">> state: Connected", .connected),
        (">>state:connected", .connected),
        ("VPN>   >> STATE:\tDisconnecting", .disconnecting),
        ("VPN> VPN> >> state: Connecting", .connecting),
        (">> state: Connected\n>> state: Paused", .unknown),
        (">> state: Connected\n>> state:", .unknown),
        (">> state: Connectedly", .unknown),
        (">> notice: state: Connected", .unknown),
        (">> error: state: Connected", .unknown),
        ("state: Connected", .unknown),
        ("Management Connection State: Disconnected (disabled)", .unknown),
        (">> state: Connected\nManagement Connection State: Disconnected (disabled)", .connected),
        ("the state is Connected", .unknown),
        ("\u{FFFD}\u{0}>> state: Connected", .connected),
    ])
    func lines(output: String, state: VPNState) {
        #expect(VPNStatus(output: output).state == state)
    }

    @Test(arguments: VPNState.allCases)
    func contentOnTheWire(state: VPNState) {
        #expect(VPNStatus(state: state).content == "{\"vpn_status\": \"\(state.rawValue)\"}")
    }

    @Test(
        arguments: [
            ("", nil),
            ("en0: flags=8863<UP>\n\tinet 10.0.0.1\nutun0: flags=1\n\tinet6 fe80::1%utun0\n", nil),
            ("utun0: flags=1\n\tinet6 fe80::1\nutun4: flags=80d1\n\tinet 10.3.3.3 --> 10.3.3.3\n", "utun4"),
            ("utun4: flags=1\nen0: flags=2\n\tinet 10.0.0.1\n", nil),
        ] as [(String, String?)])
    func tunnel(ifconfig: String, name: String?) {
        #expect(TunnelInterface.name(in: ifconfig) == name)
    }
}
