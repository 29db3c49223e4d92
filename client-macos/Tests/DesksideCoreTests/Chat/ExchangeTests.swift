import Testing

@testable import DesksideCore

@Suite struct ExchangeTests {
    private static func played(_ events: TurnEvent...) -> Exchange {
        events.reduce(into: Exchange(id: "r", prompt: "p")) { $0.apply($1) }
    }

    private static func delta(_ seq: Int, _ text: String) -> TurnEvent {
        .delta(AnswerDelta(requestID: "r", seq: seq, text: text))
    }

    private static func answer(_ text: String, truncated: Bool? = nil) -> TurnEvent {
        .answer(Answer(requestID: "r", seq: 99, text: text, truncated: truncated))
    }

    private static func activity(_ id: String, _ status: Activity.Status, _ outcome: String? = nil) -> TurnEvent {
        .activity(
            Activity(
                requestID: "r", seq: 1, tool: "t", toolCallID: id, status: status, message: "Asked \(id)",
                outcome: outcome))
    }

    private static func accepted(_ status: ChatAccepted.Status, _ position: Int = 0) -> TurnEvent {
        .accepted(ChatAccepted(requestID: "r", seq: 0, status: status, position: position))
    }

    @Test func growsDeltaByDelta() {
        #expect(Self.played(Self.delta(1, "a"), Self.delta(2, "b")).answer == "ab")
    }

    @Test func putsWhatOvertookInItsPlace() {
        #expect(Self.played(Self.delta(3, "c"), Self.delta(1, "a"), Self.delta(2, "b")).answer == "abc")
    }

    @Test func theWholeAnswerFillsGaps() {
        let exchange = Self.played(Self.delta(1, "a"), Self.delta(3, "c"), Self.answer("abc"))
        #expect(exchange.answer == "abc")
        #expect(exchange.phase == .answered(complete: true))
        #expect(!exchange.isOpen)
    }

    @Test func aTruncatedAnswerKeepsTheDeltas() {
        let whole = Self.played(Self.delta(1, "abc"), Self.delta(2, "def"), Self.answer("abc", truncated: true))
        #expect(whole.answer == "abcdef")
        #expect(whole.phase == .answered(complete: true))
        let lost = Self.played(Self.delta(2, "d"), Self.answer("abc", truncated: true))
        #expect(lost.answer == "abc")
        #expect(lost.phase == .answered(complete: false))
    }

    @Test func queuesAndBegins() {
        #expect(Self.played(Self.accepted(.queued, 2)).phase == .queued(position: 2))
        #expect(Self.played(Self.accepted(.queued, 2), Self.accepted(.accepted)).phase == .working)
        #expect(Self.played(Self.accepted(.accepted), Self.accepted(.queued, 2)).phase == .working)
    }

    @Test func showsWhatTheAgentDoes() {
        let doing = Self.played(Self.activity("1", .started))
        #expect(doing.currentStep?.text == "Asked 1")
        let done = Self.played(Self.activity("1", .started), Self.activity("1", .finished, "connected"))
        #expect(done.currentStep == nil)
        #expect(done.steps.map(\.outcome) == ["connected"])
        let overtaken = Self.played(Self.activity("1", .finished, "declined"), Self.activity("1", .started))
        #expect(overtaken.steps.map(\.outcome) == ["declined"])
        let ended = Self.played(Self.activity("1", .started), Self.answer("x"))
        #expect(ended.steps.map(\.isFinished) == [true])
    }

    @Test func nothingFollowsTheEnd() {
        let error = ServerError(code: .turnFailed, message: "m", retryable: true, requestID: "r")
        let exchange = Self.played(Self.delta(1, "a"), .failed(error), Self.delta(2, "b"), Self.answer("x"))
        #expect(exchange.answer == "a")
        #expect(exchange.phase == .failed(error))
        #expect(exchange.canRetry)
    }
}
