import Testing

@testable import DesksideCore

struct CommandPolicyTests {
    private let policy = CommandPolicy()

    /// Every program and argument there is; a change here has to be one of intent.
    @Test(arguments: CiscoClient.allCases)
    func theInvocationsAreConstants(client: CiscoClient) {
        let words = Program.allCases.compactMap { $0.invocation(of: client) }.map { [$0.executable] + $0.arguments }
        #expect(
            words == [
                [client.rawValue, "state"], [client.rawValue, "stats"], [client.rawValue, "disconnect"],
                ["/sbin/ifconfig"], ["/usr/sbin/netstat", "-rn"],
                [
                    "/usr/bin/log", "show", "--last", "15m", "--style", "compact", "--predicate",
                    #"process == "vpnagentd" OR process == "Cisco Secure Client""#,
                ],
            ])
    }

    @Test func theTwoClients() {
        let paths = ["/opt/cisco/secureclient/bin/vpn", "/opt/cisco/anyconnect/bin/vpn"]
        #expect(CiscoClient.allCases.map(\.rawValue) == paths)
        #expect(CiscoClient.installed { _ in true } == .secureClient)
        #expect(CiscoClient.installed { $0 == paths[1] } == .anyConnect)
        #expect(CiscoClient.installed { _ in false } == nil)
    }

    @Test(arguments: Program.allCases)
    func everyProgramIsBounded(program: Program) {
        #expect(program.limits.timeout <= .seconds(45))
    }

    @Test(
        arguments: [
            (MacTask.run(.connect), RiskTier.change), (.run(.disconnect), .change), (.reportStatus, .status),
            (.collectLogs(.vpn), .collect), (.collectLogs(.network), .collect), (.collectLogs(.system), .collect),
            (.unsupported(name: "x"), nil),
        ] as [(MacTask, RiskTier?)])
    func tiers(task: MacTask, tier: RiskTier?) {
        #expect(policy.tier(of: task) == tier)
    }

    @Test(
        arguments: [
            (nil, .seconds(60)), (.seconds(30), .seconds(29)), (.seconds(120), .seconds(119)),
            (.seconds(86_400 * 365), .seconds(119)), (.seconds(5), .milliseconds(4500)), (.zero, .zero),
        ] as [(Duration?, Duration)])
    func budgets(expiresIn: Duration?, budget: Duration) {
        let request = MacRequest(id: "a", task: .reportStatus, wantsAnswer: true, expiresIn: expiresIn)
        #expect(policy.budget(for: request) == budget)
    }

    @Test func pastIsPast() {
        let request = MacRequest(id: "a", task: .reportStatus, wantsAnswer: true, expiresIn: .seconds(-5))
        #expect(policy.budget(for: request) <= .zero)
    }

    @Test(arguments: [
        (["/sbin/ifconfig"], "ifconfig"), (["/usr/sbin/netstat", "-rn"], "netstat -rn"),
        (["/x/vpn", "a b"], "vpn 'a b'"),
    ])
    func commandLines(words: [String], line: String) {
        #expect(Invocation(words[0], Array(words.dropFirst())).commandLine == line)
    }
}
