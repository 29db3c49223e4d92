import Testing

@testable import DesksideCore

struct ConsentDetailsTests {
    private let now = ContinuousClock.now

    private func request(_ subject: ConsentRequest.Subject, in wait: Duration = .seconds(60)) -> ConsentRequest {
        ConsentRequest(subject: subject, expiresAt: now + wait)
    }

    @Test func namesThePrograms() {
        #expect(request(.status).programs == ["vpn state", "ifconfig (when the state cannot be read)"])
        #expect(request(.change(.connect)).programs == ["Cisco Secure Client › Connect", "vpn state"])
        #expect(request(.change(.disconnect)).programs == ["vpn disconnect", "vpn state"])
    }

    @Test func showsToTheCharacterWhatWouldLeave() {
        let log = CollectedLog(
            type: .network, programs: [Invocation("/sbin/ifconfig"), Invocation("/usr/sbin/netstat", ["-rn"])],
            text: "$ ifconfig\nen0: [mac-address 1]", isCut: false)
        #expect(request(.log(log)).programs == ["ifconfig", "netstat -rn"])
        #expect(request(.log(log)).preview == log.text)
        #expect(request(.log(log)).programsTitle != request(.status).programsTitle)
        #expect(request(.status).preview == nil)
    }

    @Test(arguments: [
        (Duration.seconds(60), "60 seconds"), (.milliseconds(59_001), "60 seconds"), (.seconds(1), "1 second."),
        (.zero, "0 seconds"), (.seconds(-5), "0 seconds"),
    ])
    func countsDown(_ left: Duration, _ words: String) {
        #expect(request(.status, in: left).countdown(at: now).contains("declined in \(words)"))
    }
}
