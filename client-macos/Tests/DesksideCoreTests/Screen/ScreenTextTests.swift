import Foundation
import Testing

@testable import DesksideCore

/// What the windows say.
struct ScreenTextTests {
    static let statuses: [ChatStatus] = [
        .ready, .busy(doing: "Thinking…"), .connecting, .offline(.unreachable(reason: "")), .signingIn,
        .signedOut(.required), .signedOut(.refused(code: "invalid_grant")), .unusable(.unsupportedVersion),
        .unusable(.refused(status: 403)),
    ]

    @Test(arguments: statuses) func everyStatusButReadySaysWhatToDo(_ status: ChatStatus) {
        #expect(status.showsBanner == (status != .ready))
        #expect((status.hint ?? "").isEmpty == (status == .ready))
        #expect(!status.symbol.isEmpty)
        #expect(!(status.isUnderWay && status.action != nil), "nothing to press while it passes by itself")
    }

    @Test func notesOfAnExchange() throws {
        var exchange = Exchange(id: "1", prompt: "hello")
        #expect(exchange.note == "Sending…")
        exchange.apply(
            .accepted(
                try decoded(#"{"request_id": "1", "seq": 0, "session_id": "s", "status": "queued", "position": 2}"#)))
        #expect(exchange.note == "Waiting for 2 earlier messages…")
        exchange.apply(
            .accepted(try decoded(#"{"request_id": "1", "seq": 0, "session_id": "s", "status": "accepted"}"#)))
        #expect(exchange.note == "Thinking…")
        exchange.apply(.delta(AnswerDelta(requestID: "1", seq: 1, text: "# Yes")))
        #expect(exchange.note == nil)
        #expect(exchange.blocks.map(\.kind) == [.heading(level: 1, "Yes")])
        #expect(exchange.canCopy)
        exchange.apply(.failed(ServerError(code: .turnFailed, message: "It broke.", retryable: true)))
        #expect(exchange.note == "It broke.")
        #expect(exchange.hasFailed)
    }

    @Test func stepsOfAnExchange() throws {
        var exchange = Exchange(id: "1", prompt: "hello")
        func activity(_ status: Activity.Status, _ outcome: String? = nil) -> Activity {
            Activity(
                requestID: "1", seq: 1, tool: "get_vpn_status", toolCallID: "t", status: status,
                message: "asked your Mac for its VPN status", outcome: outcome)
        }
        exchange.apply(.activity(activity(.started)))
        #expect(exchange.steps[0].outcomeText == nil)
        #expect(exchange.steps[0].spoken.hasSuffix("under way"))
        exchange.apply(.activity(activity(.finished, "timed_out")))
        #expect(exchange.steps[0].outcomeText == "timed out")
        #expect(exchange.steps[0].symbol == "exclamationmark.circle")
        #expect(exchange.steps[0].spoken == "asked your Mac for its VPN status: timed out")
    }

    @Test(arguments: [
        (SentLogEntry.Event.ran(Invocation("/sbin/ifconfig"), .exited(0)), "Ran ifconfig", "as it should"),
        (.ran(Invocation("/sbin/ifconfig"), .exited(64)), "Ran ifconfig", "64"),
        (.ran(Invocation("/sbin/ifconfig"), .timedOut), "Ran ifconfig", "too long"),
        (.sent(content: "all of it"), "Sent to the assistant", "all of it"),
        (.refused(.declined, message: "No."), "Declined", "No."),
        (.refused(.failed, message: "Too many."), "Refused", "Too many."),
        (.announced(.connected), "Done on this Mac", "connected"),
    ])
    func entriesOfTheList(_ event: SentLogEntry.Event, _ title: String, _ detail: String) {
        var entry = SentLogEntry(id: 1, event: event, at: .now)
        #expect(entry.title == title)
        #expect(entry.detail.contains(detail))
        entry.count = 3
        #expect(entry.title == "\(title) (3 times)")
    }

    @Test func theMenuBarSaysThatAQuestionWaits() {
        let quiet = MenuBarState(chat: .ready, vpn: .state(.connected), question: nil)
        #expect(quiet.spoken == "Deskside. VPN: connected. Assistant: Connected")
        let request = ConsentRequest(subject: .status, expiresAt: .now)
        let asking = MenuBarState(chat: .ready, vpn: .state(.connected), question: request)
        #expect(asking.symbol != quiet.symbol)
        #expect(asking.spoken.contains(request.title))
    }

    @Test func theMenuBarTellsTheStatesApart() {
        let readings = VPNState.allCases.map(VPNReading.state) + [.notRead, .notInstalled]
        #expect(Set(readings.map(\.title)).count == readings.count)
        #expect(VPNReading.state(.unknown).symbol != VPNReading.state(.disconnected).symbol)
    }

    @Test func aSetupProblemSaysWhatToDo() {
        let problem = SetupProblem(ConfigurationError.missing(paths: ["/a/deskside.json"]))
        #expect(problem.reason?.contains("/a/deskside.json") == true)
        #expect(problem.advice?.contains("make client-config") == true)
    }

    private func decoded(_ text: String) throws -> ChatAccepted {
        try JSONDecoder().decode(ChatAccepted.self, from: Data(text.utf8))
    }
}
