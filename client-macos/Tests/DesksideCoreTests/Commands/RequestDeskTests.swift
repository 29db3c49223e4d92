import Testing

@testable import DesksideCore

@MainActor @Suite(.timeLimit(.minutes(1)))
struct RequestDeskTests {
    @Test func statusIsToldAfterConsent() async {
        let stage = DeskStage()
        let reply = Task { await stage.handle(.reportStatus) }
        await until { !stage.person.open.isEmpty }
        #expect(stage.mac.ran.isEmpty)
        await stage.person.says(.approved)
        #expect(await reply.value == .content(#"{"vpn_status": "connected"}"#))
        #expect(
            stage.events == [
                .ran(Invocation("/opt/cisco/secureclient/bin/vpn", ["state"]), .exited(0)),
                .sent(content: #"{"vpn_status": "connected"}"#),
            ])
    }

    @Test func logsAreShownAsTheyLeave() async {
        let stage = DeskStage()
        let reply = Task { await stage.handle(.collectLogs(.vpn)) }
        await until { !stage.person.open.isEmpty }
        let text = "$ vpn state\n>> state: Connected\n$ vpn stats\nServer: [public 1]"
        guard case .log(let log)? = stage.person.open.first?.subject else {
            Issue.record("not a log")
            return
        }
        #expect(log.text == text)
        #expect(log.programs.map(\.commandLine) == ["vpn state", "vpn stats"])
        await stage.person.says(.approved)
        #expect(await reply.value == .content(text))
    }

    @Test func whatASignOutCutOffIsNewAfterTheNextSignIn() async {
        let stage = DeskStage()
        let cutOff = Task { await stage.handle(.reportStatus) }
        await until { !stage.person.open.isEmpty }
        cutOff.cancel()
        #expect(await cutOff.value == nil)
        #expect(stage.events.isEmpty)
        let again = Task { await stage.handle(.reportStatus) }
        await until { !stage.person.open.isEmpty }
        await stage.person.says(.approved)
        #expect(await again.value == .content(#"{"vpn_status": "connected"}"#))
    }

    @Test(arguments: [MacTask.reportStatus, .collectLogs(.network), .collectLogs(.system), .run(.connect)])
    func declined(task: MacTask) async {
        let stage = DeskStage(person: FakePerson(always: .declined))
        #expect(await stage.handle(task) == .refused(.declined, message: "The person declined."))
        #expect(stage.announced.isEmpty)
        #expect(stage.events.last == .refused(.declined, message: "The person declined."))
    }

    @Test func aDeclinedChangeRunsNothing() async {
        let stage = DeskStage(person: FakePerson(always: .declined))
        #expect(await stage.handle(.run(.disconnect), wantsAnswer: false) == nil)
        #expect(stage.mac.ran.isEmpty)
    }

    @Test func commandsAreObeyedAndNotAnswered() async {
        let stage = DeskStage(person: FakePerson(always: .approved))
        #expect(await stage.handle(.run(.connect), wantsAnswer: false, expiresIn: nil) == nil)
        #expect(stage.announced == [.connected])
        #expect(stage.events.contains(.announced(.connected)))
    }

    @Test(arguments: [MacTask.reportStatus, .collectLogs(.vpn), .run(.connect)])
    func aQuestionNobodyAnswersExpires(task: MacTask) async {
        let stage = DeskStage()
        let reply = Task { await stage.handle(task, expiresIn: .seconds(30)) }
        await until { !stage.person.open.isEmpty && stage.time.sleepers == 1 }
        stage.time.advance(by: .seconds(29))
        #expect(await reply.value == .refused(.timedOut, message: "Nobody answered on the Mac in time."))
        await until { stage.person.open.isEmpty }
        #expect(stage.announced.isEmpty)
    }

    @Test func aProgramThatHangsDoesNotKeepTheAnswer() async {
        let mac = FakeMac()
        mac.answers("vpn state") { _ in
            try await Task.sleep(for: .seconds(600))
            return ProgramOutput(text: "")
        }
        let stage = DeskStage(person: FakePerson(always: .approved), mac: mac)
        let reply = Task { await stage.handle(.reportStatus, expiresIn: .seconds(30)) }
        await until { !mac.ran.isEmpty && stage.time.sleepers == 1 }
        stage.time.advance(by: .seconds(29))
        #expect(await reply.value == .refused(.timedOut, message: "Nobody answered on the Mac in time."))
    }

    @Test(arguments: [Duration.zero, .seconds(-1), .milliseconds(-1)])
    func whatHasExpiredAlreadyIsNotBegun(expiresIn: Duration) async {
        let stage = DeskStage(person: FakePerson(always: .approved))
        let reply = await stage.handle(.collectLogs(.vpn), expiresIn: expiresIn)
        #expect(reply == .refused(.timedOut, message: "Nobody answered on the Mac in time."))
        #expect(stage.mac.ran.isEmpty)
        #expect(stage.person.asked.isEmpty)
    }

    @Test func withoutCisco() async {
        let stage = DeskStage(person: FakePerson(always: .approved), mac: FakeMac(client: nil))
        let missing = Reply.refused(.notInstalled, message: "Cisco Secure Client is not installed on this Mac.")
        #expect(await stage.handle(.reportStatus, id: "1") == missing)
        #expect(await stage.handle(.collectLogs(.vpn), id: "2") == missing)
        #expect(
            await stage.handle(.collectLogs(.network), id: "3")
                == .refused(.failed, message: "/usr/sbin/netstat is not on this Mac."))
    }

    @Test func whatAProgramSaysInAnErrorStaysHere() async {
        struct Leak: Error { let text = "password" }
        let mac = FakeMac()
        mac.answers("vpn state") { _ in throw Leak() }
        let stage = DeskStage(person: FakePerson(always: .approved), mac: mac)
        #expect(await stage.handle(.reportStatus) == .refused(.failed, message: "The Mac could not do this."))
    }

    @Test func theSameRequestIsCarriedOutAndAnsweredOnce() async {
        let stage = DeskStage()
        let replies = (0..<50).map { _ in Task { await stage.handle(.reportStatus) } }
        await stage.person.says(.approved)
        var answers: [Reply] = []
        for reply in replies { if let answer = await reply.value { answers.append(answer) } }
        #expect(answers == [.content(#"{"vpn_status": "connected"}"#)])
        #expect(await stage.handle(.reportStatus) == nil)
        #expect(stage.mac.ran == ["vpn state"])
        #expect(stage.person.asked.count == 1)
    }

    @Test(arguments: ["rm -rf /", "$(id)", "connect_vpn; reboot", "", String(repeating: "x", count: 100_000)])
    func theUnknownIsRefusedInOurWords(name: String) async {
        let stage = DeskStage(person: FakePerson(always: .approved))
        let refusal = Reply.refused(.failed, message: "This version of the app does not know how to do that.")
        #expect(await stage.handle(.unsupported(name: name)) == refusal)
        #expect(await stage.handle(.unsupported(name: name), id: "cb-2", wantsAnswer: false) == nil)
        #expect(stage.mac.ran.isEmpty && stage.person.asked.isEmpty)
    }

    @Test(arguments: ["", String(repeating: "x", count: 129), String(repeating: "🙂", count: 100_000)])
    func anIDThatIsNoneIsRefused(id: String) async {
        let stage = DeskStage(person: FakePerson(always: .approved))
        for _ in 0..<2 {
            #expect(
                await stage.handle(.reportStatus, id: id) == .refused(.failed, message: "The request has no usable id.")
            )
            if id.isEmpty { break }
        }
        #expect(stage.mac.ran.isEmpty)
    }

    @Test func aNewerChangeOvertakesTheOneUnderWay() async {
        let mac = FakeMac(["vpn state": ">> state: Disconnected", "vpn disconnect": ""])
        let stage = DeskStage(person: FakePerson(always: .approved), mac: mac)
        let connecting = Task { await stage.handle(.run(.connect), id: "a") }
        // It waits for the VPN to connect.
        await until { mac.ran.count == 2 && stage.time.sleepers == 1 }
        #expect(await stage.handle(.run(.disconnect), id: "b", wantsAnswer: false) == nil)
        #expect(await connecting.value == .refused(.failed, message: "A newer command took its place."))
        #expect(stage.announced == [.disconnected])
    }

    @Test func tooManyOfAKindAreRefused() async {
        let stage = DeskStage(person: FakePerson(always: .declined))
        var refused = 0
        for number in 0..<20 {
            if case .refused(.failed, _)? = await stage.handle(.collectLogs(.vpn), id: "\(number)") { refused += 1 }
        }
        #expect(refused == 14)
        // Another kind is not affected, nor the next minute.
        #expect(await stage.handle(.reportStatus, id: "s") == .refused(.declined, message: "The person declined."))
        stage.time.advance(by: .seconds(60))
        #expect(await stage.handle(.collectLogs(.vpn), id: "n") == .refused(.declined, message: "The person declined."))
    }
}
