import Foundation
import Synchronization
import Testing

@testable import DesksideCore

/// Requests to this Mac, and that each is answered once.
@Suite(.timeLimit(.minutes(1))) struct RequestTests {
    private final class Counter: Sendable {
        private let ids = Mutex<[String]>([])
        func add(_ id: String) { ids.withLock { $0.append(id) } }
        var all: [String] { ids.withLock { $0 } }
    }

    private static func answered(_ socket: FakeSocket, _ count: Int) async throws -> [SentMessage] {
        await until { ((try? await socket.sent("async_callback").count) ?? 0) >= count }
        return try await socket.sent("async_callback")
    }

    @Test func answersARequest() async throws {
        let stage = ConnectionStage { request in
            #expect(request.task == .reportStatus)
            return .content("fine")
        }
        let socket = try await stage.ready()
        await socket.say(statusRequest(1))
        let answers = try await Self.answered(socket, 1)
        #expect(answers.map { $0.callbackID } == [callbackID(1)])
        #expect(answers[0].content == "fine")
    }

    @Test func aRepeatIsNotCarriedOutAgain() async throws {
        let handled = Counter()
        let stage = ConnectionStage { request in
            handled.add(request.id)
            return .content("fine")
        }
        let first = try await stage.ready()
        for _ in 0..<5 { await first.say(statusRequest(1)) }
        _ = try await Self.answered(first, 1)
        await stage.settle(first)
        #expect(try await first.sent("async_callback").count == 1)
        await first.end(.closed(code: 1006))
        await stage.time.pass(.milliseconds(500))
        // The server asks again: it has not got the answer, so it is sent once more.
        let second = try await stage.ready(1, pending: [statusRequest(1)])
        _ = try await Self.answered(second, 1)
        #expect(handled.all == [callbackID(1)])
        #expect(await stage.connection.duplicates == 5)
    }

    @Test func aCommandIsObeyedOnceAndNotAnswered() async throws {
        let handled = Counter()
        let stage = ConnectionStage { request in
            handled.add(request.id)
            return .content("must not be sent")
        }
        let socket = try await stage.ready()
        let command = #"{"action": "run_client_command", "command": "connect_vpn", "action_id": "call-1"}"#
        for _ in 0..<3 { await socket.say(#"{"event": "client_action", "data": \#(command)}"#) }
        await socket.say(statusRequest(1))
        _ = try await Self.answered(socket, 1)
        await until { handled.all.count == 2 }
        #expect(handled.all.sorted() == ["call-1", callbackID(1)].sorted())
        #expect(try await socket.sent("async_callback").count == 1)
    }

    @Test func whatWaitedIsAnsweredAfterReady() async throws {
        let stage = ConnectionStage()
        let socket = try await stage.ready(pending: [statusRequest(1), statusRequest(2)])
        let answers = try await Self.answered(socket, 2)
        #expect(Set(answers.compactMap { $0.callbackID }) == [callbackID(1), callbackID(2)])
    }

    @Test func anAnswerThatIsReadyWhileAwayIsSentOnTheNextSocket() async throws {
        let (gate, open) = AsyncStream<Void>.makeStream()
        let stage = ConnectionStage { _ in
            for await _ in gate { break }
            return .content("late")
        }
        let first = try await stage.ready()
        await first.say(statusRequest(1))
        await stage.settle(first)
        await first.end(.closed(code: 1006))
        await stage.reach(.waiting(.closed(code: 1006)))
        open.yield()
        await stage.time.pass(.milliseconds(500))
        let second = try await stage.ready(1)
        #expect(try await Self.answered(second, 1).first?.content == "late")
        #expect(try await first.sent("async_callback").isEmpty)
    }

    @Test(arguments: ["callback_undelivered", "internal_error"])
    func anAnswerNotHandedOnIsSentAgainButNotForEver(code: String) async throws {
        let stage = ConnectionStage()
        let socket = try await stage.ready()
        await socket.say(statusRequest(1))
        for sent in 1..<4 {
            _ = try await Self.answered(socket, sent)
            await socket.say(serverError(code, callbackID: callbackID(1)))
            await stage.time.pass(.milliseconds(500) * sent)
        }
        _ = try await Self.answered(socket, 4)
        await socket.say(serverError(code, callbackID: callbackID(1)))
        await stage.settle(socket)
        #expect(try await socket.sent("async_callback").count == 4)
        #expect(!stage.time.waiting.contains(.seconds(2)))
    }

    @Test(arguments: ["callback_expired", "callback_answered", "callback_unknown", "malformed_answer"])
    func anAnswerThatIsNotWantedIsNotRepeated(code: String) async throws {
        let stage = ConnectionStage()
        let socket = try await stage.ready()
        await socket.say(statusRequest(1))
        _ = try await Self.answered(socket, 1)
        await socket.say(serverError(code, callbackID: callbackID(1)))
        await stage.settle(socket)
        #expect(try await socket.sent("async_callback").count == 1)
        #expect(stage.turns.isEmpty)
    }

    @Test func contentThatFitsNoFrameBecomesARefusal() async throws {
        let stage = ConnectionStage { _ in .content(String(repeating: "\"", count: Limits.contentBytes)) }
        let socket = try await stage.ready()
        await socket.say(statusRequest(1))
        let sent = try await Self.answered(socket, 1)[0]
        #expect(sent.error?.code == "failed")
    }

    @Test func tenThousandRequestsAreAllAnswered() async throws {
        let running = Mutex((now: 0, most: 0))
        let stage = ConnectionStage { _ in
            running.withLock { counts in
                counts.now += 1
                counts.most = max(counts.most, counts.now)
            }
            await Task.yield()
            running.withLock { $0.now -= 1 }
            return .content("x")
        }
        let socket = try await stage.ready()
        for number in 0..<10_000 { await socket.say(statusRequest(number)) }
        await stage.settle(socket)
        await until { await socket.sent.count == 10_001 }
        let ids = Set(try await socket.sent("async_callback").compactMap { $0.callbackID })
        #expect(ids.count == 10_000)
        #expect(running.withLock { $0.most } <= Pace().requestsAtOnce)
        #expect(stage.states.last == .ready)
    }

    @Test func nonsenseIsIgnored() async throws {
        let stage = ConnectionStage()
        let socket = try await stage.ready()
        for text in ["", "{", "[]", #"{"event": "new"}"#, String(repeating: "x", count: 300_000)] {
            await socket.say(text)
        }
        await socket.say(statusRequest(1))
        _ = try await Self.answered(socket, 1)
        #expect(stage.states.last == .ready)
    }

    @Test func signingOutForgetsAnswersAndStopsWork() async throws {
        let (gate, open) = AsyncStream<Void>.makeStream()
        let stage = ConnectionStage { _ in
            for await _ in gate { break }
            return .content("private")
        }
        let first = try await stage.ready()
        await first.say(statusRequest(1))
        await stage.settle(first)
        await stage.connection.stop()
        open.yield()
        await stage.connection.start()
        let second = try await stage.network.socket(1)
        await second.greet()
        await stage.reach(.ready)
        await stage.settle(second)
        #expect(try await second.sent("async_callback").isEmpty)
    }

    @Test func unsentAnswersAreKeptLongest() {
        var ledger = AnswerLedger()
        ledger.record("unsent", text: "a")
        for number in 0..<AnswerLedger.rememberedAnswers * 2 {
            ledger.record("\(number)", text: "b")
            _ = ledger.claim("\(number)", socket: 1)
        }
        #expect(ledger.unsent == ["unsent"])
        let claims = [1, 1, 2].map { ledger.claim("unsent", socket: $0) }
        #expect(claims == ["a", nil, "a"])
    }
}
