import Foundation
import Testing

@testable import DesksideCore

/// Every golden message of a client, by name.
@Suite struct ClientFixtureTests {
    private static let callback = "cb-00112233445566778899aabbccddeeff"
    private static let why = "Why, in one sentence for the person."

    private static let messages: [String: ClientMessage] = [
        "async_callback_analyze_logs": .callback(
            id: callback, .content("  >> state: Connected\n  >> warning: DTLS disabled, using TLS")),
        "async_callback_declined": .callback(id: callback, .refused(.declined, message: why)),
        "async_callback_failed": .callback(id: callback, .refused(.failed, message: why)),
        "async_callback_get_vpn_status": .callback(id: callback, .content(#"{"vpn_status": "connected"}"#)),
        "async_callback_not_installed": .callback(id: callback, .refused(.notInstalled, message: why)),
        "async_callback_timed_out": .callback(id: callback, .refused(.timedOut, message: why)),
        "chat": .chat(prompt: "What's my VPN status?", sessionID: "abc-123", requestID: nil),
        "chat_with_request_id": .chat(
            prompt: "Analyze my VPN logs — bitte 🙂", sessionID: "abc-123", requestID: "req-1"),
        "hello": .hello(
            sessionID: "abc-123", capabilities: PushAction.allCases, client: ClientInfo(version: "1.0")),
        "hello_minimal": .hello(sessionID: "abc-123", capabilities: nil, client: nil),
        "ping": .ping,
    ]

    @Test(arguments: messages.keys.sorted())
    func encodes(name: String) throws {
        let message = try #require(Self.messages[name])
        #expect(try json(message.encoded()) == json(ProtocolFixture(.client, name).text))
    }

    /// It shows what the server ignores: this client says the rest of it and nothing more.
    @Test func encodesUnknownFieldsWithoutThem() throws {
        let message = ClientMessage.chat(prompt: "Hi", sessionID: "abc-123", requestID: nil)
        let fixture = try #require(try json(ProtocolFixture(.client, "unknown_fields").text) as? [String: Any])
        let understood = fixture.filter { $0.key != "from_the_future" }
        #expect(try json(message.encoded()) == NSDictionary(dictionary: understood))
    }

    @Test func coversEveryFixture() throws {
        #expect(try ProtocolFixture.names(.client) == Set(Self.messages.keys).union(["unknown_fields"]))
    }

    @Test func refusesWhatFitsNoFrame() throws {
        let message = ClientMessage.chat(prompt: String(repeating: "🙂", count: 8_000), sessionID: "a", requestID: nil)
        #expect(throws: OversizedMessage.self) { try message.encoded() }
    }

    @Test(
        arguments: [
            (String(repeating: "x", count: Limits.contentBytes), true),
            (String(repeating: "x", count: Limits.contentBytes + 1), false),
            (String(repeating: "é", count: Limits.contentBytes / 2), true),
            (String(repeating: "\"", count: Limits.contentBytes), false),
            (String(repeating: "\u{1}", count: Limits.contentBytes), false),
            ("", true),
        ])
    func answersEvenWhenTheContentIsTooLarge(content: String, fits: Bool) throws {
        let text = try ClientMessage.encodedCallback(id: Self.callback, .content(content))
        #expect(text.utf8.count <= Limits.frameBytes)
        let sent = try json(text)
        #expect((sent["content"] as? String == content) == fits)
        #expect(((sent["error"] as? NSDictionary)?["code"] as? String == "failed") == !fits)
    }

    @Test func cutsALongReason() throws {
        let reply = Reply.refused(.declined, message: String(repeating: "é\u{1}", count: 5_000))
        let sent = try json(ClientMessage.encodedCallback(id: Self.callback, reply))
        let message = try #require((sent["error"] as? NSDictionary)?["message"] as? String)
        #expect(message.unicodeScalars.count == Limits.reasonScalars)
    }
}
