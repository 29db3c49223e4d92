/// Cisco's client by the path of its command line; the newer one first.
public enum CiscoClient: String, Sendable, CaseIterable {
    case secureClient = "/opt/cisco/secureclient/bin/vpn"
    case anyConnect = "/opt/cisco/anyconnect/bin/vpn"

    static func installed(_ isExecutable: (String) -> Bool) -> CiscoClient? {
        allCases.first { isExecutable($0.rawValue) }
    }
}
