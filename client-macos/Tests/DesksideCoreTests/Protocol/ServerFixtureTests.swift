import Foundation
import Testing

@testable import DesksideCore

/// Every golden message of the server, by name.
@Suite struct ServerFixtureTests {
    private static let callback = "cb-00112233445566778899aabbccddeeff"
    private static let call = "call-00112233445566778899aabbccddeeff"

    private static let expected: [String: ServerMessage] = {
        var messages: [String: ServerMessage] = [
            "activity_finished": .turn(
                .activity(
                    Activity(
                        requestID: "req-1", seq: 2, tool: "get_vpn_status", toolCallID: call, status: .finished,
                        message: "Asked your Mac for its VPN status", outcome: "connected"))),
            "activity_started": .turn(
                .activity(
                    Activity(
                        requestID: "req-1", seq: 1, tool: "get_vpn_status", toolCallID: call, status: .started,
                        message: "Asked your Mac for its VPN status"))),
            "answer": .turn(.answer(whole)),
            "answer_delta": .turn(.delta(AnswerDelta(requestID: "req-1", seq: 3, text: "Your VPN is **conn"))),
            "answer_truncated": .turn(
                .answer(Answer(requestID: "req-1", seq: 900, text: "A very long answer…", truncated: true))),
            "answer_with_unknown_fields": .turn(.answer(whole)),
            "chat_accepted": .turn(
                .accepted(ChatAccepted(requestID: "req-1", seq: 0, status: .accepted, position: 0))),
            "chat_queued": .turn(.accepted(ChatAccepted(requestID: "req-1", seq: 0, status: .queued, position: 2))),
            "event_from_the_future": .ignored(reason: "an event of a newer protocol"),
            "pong": .pong,
            "push_analyze_logs": .request(logs),
            "push_analyze_logs_original": .request(
                MacRequest(id: callback, task: .collectLogs(.vpn), wantsAnswer: true, expiresIn: nil)),
            "push_get_vpn_status": .request(status),
            "push_get_vpn_status_original": .request(
                MacRequest(id: callback, task: .reportStatus, wantsAnswer: true, expiresIn: nil)),
            "push_run_client_command": .request(
                MacRequest(id: call, task: .run(.connect), wantsAnswer: false, expiresIn: nil)),
            "ready": .ready(
                Ready(sessionID: "abc-123", protocolVersion: 1, expiresIn: .seconds(3540), pending: [])),
            "ready_with_pending": .ready(
                Ready(sessionID: "abc-123", protocolVersion: 1, expiresIn: .seconds(3540), pending: [status, logs])),
        ]
        for (code, message, retryable) in errors { messages["error_\(code)"] = error(code, message, retryable) }
        return messages
    }()

    private static let errors: [(code: String, message: String, retryable: Bool)] = [
        ("agent_busy", "Too many prompts are waiting in this session.", true),
        ("agent_unavailable", "The agent could not be reached.", true),
        ("bad_json", "The message is not a JSON object.", false),
        ("callback_answered", "This request has already been answered.", false),
        ("callback_expired", "This request is no longer waiting.", false),
        ("callback_undelivered", "The answer could not be handed on; send it again.", true),
        ("callback_unknown", "No such request was sent to this session.", false),
        ("content_too_large", "The answer is over the size limit; send less.", false),
        ("internal_error", "Something went wrong on our side.", true),
        ("invalid_message", "The message lacks a field or has a wrong one.", false),
        ("malformed_answer", "The answer is not what the request asked for.", false),
        ("not_connected", "This connection is not known; connect again.", true),
        ("token_expired", "The access token has expired; connect again with a fresh one.", true),
        ("turn_failed", "The agent could not finish this turn.", true),
        ("turn_timed_out", "This turn took too long and was ended.", true),
        (
            "turn_unconfirmed",
            "It is not known whether the agent took this prompt; send it again under the same request_id.", true
        ),
        ("unknown_action", "There is no such action.", false),
        ("unsupported_version", "No protocol version in common.", false),
    ]

    private static let whole = Answer(
        requestID: "req-1", seq: 5, text: "Your VPN is **connected**. 🙂\n", truncated: false)
    private static let status = MacRequest(
        id: callback, task: .reportStatus, wantsAnswer: true, expiresIn: .seconds(30))
    private static let logs = MacRequest(
        id: callback, task: .collectLogs(.vpn), wantsAnswer: true, expiresIn: .seconds(120))

    private static func error(_ code: String, _ message: String, _ retryable: Bool) -> ServerMessage {
        let ofCallback = code.hasPrefix("callback_")
        return .turn(
            .failed(
                ServerError(
                    code: ErrorCode(rawValue: code)!, message: message, retryable: retryable,
                    requestID: ofCallback ? nil : "req-1", callbackID: ofCallback ? callback : nil)))
    }

    @Test(arguments: expected.keys.sorted())
    func decodes(name: String) throws {
        #expect(ServerMessage(try ProtocolFixture(.server, name).text) == Self.expected[name])
    }

    /// The original names no id: each such command is one of its own.
    @Test func decodesTheOriginalsCommand() throws {
        let text = try ProtocolFixture(.server, "push_run_client_command_original").text
        let first = try #require(ServerMessage(text).request)
        let second = try #require(ServerMessage(text).request)
        #expect(first.task == .run(.connect))
        #expect(!first.wantsAnswer)
        #expect(first.id != second.id)
    }

    @Test func coversEveryFixture() throws {
        #expect(
            try ProtocolFixture.names(.server)
                == Set(Self.expected.keys).union(["push_run_client_command_original"]))
    }

    @Test func knowsEveryErrorCode() throws {
        let definitions = try #require(try ProtocolFixture.schema()["$defs"] as? NSDictionary)
        let declared = try #require((definitions["ErrorCode"] as? NSDictionary)?["enum"] as? [String])
        #expect(Set(declared) == Set(ErrorCode.allCases.filter { $0 != .unrecognized }.map(\.rawValue)))
    }
}
