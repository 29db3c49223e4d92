import Testing

@testable import DesksideCore

@Test func theWireKnowsTwoCommands() {
    #expect(VPNCommand.allCases.map(\.rawValue) == ["connect_vpn", "disconnect_vpn"])
}
