import Testing

@testable import DesksideCore

/// What a server might say that no server should.
@Suite struct HostileMessageTests {
    private static let id = "cb-00112233445566778899aabbccddeeff"

    @Test(
        arguments: [
            "", "null", "[]", "1", "\"text\"", "{", "{}", #"{"event": 1}"#, #"{"event": "answer"}"#,
            #"{"event": "answer", "data": {"request_id": "r", "seq": "1", "text": "t"}}"#,
            #"{"event": "answer", "data": {"request_id": "r", "seq": 1e400, "text": "t"}}"#,
            #"{"event": "answer", "data": {"request_id": "r", "seq": 1, "text": "\ud800"}}"#,
            #"{"event": "client_action", "data": {}}"#, #"{"event": "client_action"}"#,
            #"{"event": "chat_accepted", "data": {"request_id": "r", "seq": 0, "status": "maybe"}}"#,
            #"{"action": "get_vpn_status"}"#, #"{"action": "get_vpn_status", "callback_id": 7}"#,
            #"{"action": "get_vpn_status", "callback_id": "cb-00112233445566778899AABBCCDDEEFF"}"#,
            #"{"action": "get_vpn_status", "callback_id": "cb-00112233445566778899aabbccddeeff\n"}"#,
            #"{"action": "get_vpn_status", "callback_id": "cb-00112233445566778899aabbccddeef٣"}"#,
            String(repeating: "[", count: 100_000), String(repeating: #"{"a":"#, count: 20_000),
            #"{"event": "answer_delta", "data": {"request_id": "r", "seq": 1, "text": ""#
                + String(repeating: "x", count: Limits.messageBytes) + "\"}}",
        ])
    func isIgnored(text: String) {
        guard case .ignored = ServerMessage(text) else {
            Issue.record("understood")
            return
        }
    }

    @Test(
        arguments: [
            (#""action": "rm -rf /""#, "rm -rf ?"),
            (#""action": "request_logs""#, "request_logs"),
            (#""action": "request_logs", "log_type": "vpn; rm -rf ~""#, "request_logs vpn? rm -rf ?"),
            (#""action": "request_logs", "log_type": "VPN""#, "request_logs VPN"),
            (#""action": "request_logs", "log_type": ["vpn"]"#, "request_logs"),
            (#""action": "run_client_command", "command": "connect_vpn""#, "run_client_command"),
            (#""action": "get_vpn_status\u202e$(id)""#, "get_vpn_status???id?"),
        ])
    func isRefusedByItsId(fields: String, shown: String) {
        let message = ServerMessage("{\(fields), \"callback_id\": \"\(Self.id)\"}")
        #expect(
            message
                == .request(
                    MacRequest(id: Self.id, task: .unsupported(name: shown), wantsAnswer: true, expiresIn: nil)))
    }

    @Test(arguments: ["rm -rf /", "connect_vpn; id", "CONNECT_VPN", ""])
    func anUnknownCommandIsNone(command: String) throws {
        let text = #"{"event": "client_action", "data": {"action": "run_client_command", "command": "\#(command)"}}"#
        let request = try #require(ServerMessage(text).request)
        guard case .unsupported = request.task else {
            Issue.record("\(request.task)")
            return
        }
    }

    @Test(
        arguments: [
            ("-5", Duration.zero), ("1e300", .seconds(7 * 86_400)), ("0.25", .milliseconds(250)),
            ("\"30\"", nil), ("true", nil), ("null", nil),
        ])
    func expiryIsBounded(value: String, expected: Duration?) throws {
        let text = #"{"action": "get_vpn_status", "callback_id": "\#(Self.id)", "expires_in": \#(value)}"#
        #expect(try #require(ServerMessage(text).request).expiresIn == expected)
    }

    @Test func onePendingItemDoesNotCostTheOthers() {
        let good = #"{"action": "get_vpn_status", "callback_id": "\#(Self.id)"}"#
        let text = """
            {"event": "ready", "data": {"session_id": "s", "protocol_version": 1, "expires_in": 1,
             "pending": [null, 1, {"event": "answer"}, \(good), {"action": 5}, []]}}
            """
        guard case .ready(let ready) = ServerMessage(text) else {
            Issue.record("not understood")
            return
        }
        #expect(ready.pending.map(\.id) == [Self.id])
    }

    @Test func anErrorOfANewerServerStillEndsItsTurn() {
        let text = #"{"event": "error", "data": {"code": "new", "message": "m", "retryable": true, "request_id": "r"}}"#
        let error = ServerError(code: .unrecognized, message: "m", retryable: true, requestID: "r")
        #expect(ServerMessage(text) == .turn(.failed(error)))
    }
}
