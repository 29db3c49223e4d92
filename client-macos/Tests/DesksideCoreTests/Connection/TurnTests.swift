import Foundation
import Testing

@testable import DesksideCore

/// Prompts and what comes of them.
@Suite(.timeLimit(.minutes(1))) struct TurnTests {
    @Test func sendsAPromptAndHandsItsEventsOnOnce() async throws {
        let stage = ConnectionStage()
        let socket = try await stage.ready()
        try await stage.connection.ask("What's up?", requestID: "r")
        let chat = try #require(await socket.sent("chat").first)
        #expect(chat.prompt == "What's up?")
        #expect(chat.sessionID == "s")
        for text in [
            delta("r", 1, "a"), delta("r", 1, "a"), delta("other", 2, "x"), delta("r", 2, "b"),
            answer("r", 3, "ab"), answer("r", 3, "ab"), delta("r", 4, "late"),
        ] {
            await socket.say(text)
        }
        await until { stage.turns.count == 3 }
        await stage.settle(socket)
        #expect(stage.turns.map(\.seq) == [1, 2, 3])
    }

    @Test func whatWasAskedOfflineIsSentWhenReady() async throws {
        let stage = ConnectionStage()
        await stage.connection.start()
        try await stage.connection.ask("one", requestID: "1")
        try await stage.connection.ask("two", requestID: "2")
        let socket = try await stage.network.socket(0)
        await socket.greet()
        await until { (try? await socket.sent("chat").count) == 2 }
        #expect(try await socket.sent("chat").map { $0.prompt } == ["one", "two"])
    }

    /// The server runs one id once, and repeats the end of a turn that nobody heard.
    @Test func anUnfinishedPromptIsSentAgainOnTheNextSocket() async throws {
        let stage = ConnectionStage()
        let first = try await stage.ready()
        try await stage.connection.ask("one", requestID: "1")
        await first.say(delta("1", 1, "a"))
        await until { stage.turns.count == 1 }
        await first.end(.closed(code: 1006))
        await stage.time.pass(.milliseconds(500))
        let second = try await stage.ready(1)
        await until { (try? await second.sent("chat").count) == 1 }
        #expect(try await second.sent("chat").first?.requestID == "1")
        await second.say(delta("1", 1, "a"))
        // A turn that had to be run anew counts from 0 again: its end is an end all the same.
        await second.say(answer("1", 1, "ab"))
        await until { stage.turns.count == 2 }
        #expect(stage.turns.last?.endsTurn == true)
    }

    @Test(arguments: ["not_connected", "token_expired"])
    func aPromptSurvivesAConnectionAtFault(code: String) async throws {
        let stage = ConnectionStage()
        let first = try await stage.ready()
        try await stage.connection.ask("one", requestID: "1")
        await first.say(serverError(code, requestID: "1"))
        await stage.settle(first)
        await first.end(.closed(code: 1008))
        await stage.time.pass(.milliseconds(500))
        let second = try await stage.ready(1)
        await until { (try? await second.sent("chat").count) == 1 }
        #expect(stage.turns.isEmpty)
    }

    @Test func aTurnDoesNotLastForEver() async throws {
        let stage = ConnectionStage()
        _ = try await stage.ready()
        try await stage.connection.ask("one", requestID: "1")
        await stage.time.pass(.seconds(630))
        await until { stage.turns.count == 1 }
        guard case .failed(let error) = stage.turns[0] else {
            Issue.record("\(stage.turns)")
            return
        }
        #expect(error.code == .turnTimedOut)
    }

    @Test func signingOutDropsWhatWaits() async throws {
        let stage = ConnectionStage()
        await stage.connection.start()
        _ = try await stage.network.socket(0)
        try await stage.connection.ask("secret", requestID: "1")
        await stage.connection.stop()
        await until { stage.turns.count == 1 }
        await stage.connection.start()
        let socket = try await stage.network.socket(1)
        await socket.greet()
        await stage.reach(.ready)
        await stage.settle(socket)
        #expect(try await socket.sent("chat").isEmpty, "another person may have signed in")
    }

    @Test(arguments: [
        ("", PromptError.empty), (" \n\t ", .empty), (String(repeating: "x", count: 8_001), .tooLong(scalars: 8_001)),
    ])
    func refusesWhatCannotBeSent(prompt: String, error: PromptError) async throws {
        let stage = ConnectionStage()
        _ = try await stage.ready()
        await #expect(throws: error) { try await stage.connection.ask(prompt, requestID: "1") }
    }

    @Test func refusesARepeatedIdAndSomebodySignedOut() async throws {
        let stage = ConnectionStage()
        await #expect(throws: PromptError.notSignedIn) { try await stage.connection.ask("a", requestID: "1") }
        _ = try await stage.ready()
        try await stage.connection.ask("a", requestID: "1")
        await #expect(throws: PromptError.repeatedID) { try await stage.connection.ask("b", requestID: "1") }
    }

    @Test func anotherConversationHasAnotherName() async throws {
        let stage = ConnectionStage()
        let socket = try await stage.ready()
        try await stage.connection.ask("a", requestID: "1")
        await stage.connection.beginSession("t")
        try await stage.connection.ask("b", requestID: "2")
        await socket.say(answer("1", 1, "of the old one"))
        await socket.say(answer("2", 1, "of the new one"))
        await until { stage.turns.count == 1 }
        #expect(stage.turns[0].requestID == "2")
        #expect(try await socket.sent("hello").map { $0.sessionID } == ["s", "t"])
        #expect(try await socket.sent("chat").last?.sessionID == "t")
    }

    @Test func anAnswerWithoutEndDoesNotFillTheMemory() {
        var turns = TurnLedger()
        _ = turns.open("r", text: "t")
        let text = String(repeating: "x", count: 64 * 1024)
        let kept = (0..<1000).filter { turns.receive(.delta(AnswerDelta(requestID: "r", seq: $0, text: text))) }
        #expect(kept.count == 16)
    }
}
