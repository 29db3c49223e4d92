import Foundation
import Testing

@testable import DesksideCore

/// How a connection is made, lost, replaced and given up.
@Suite(.timeLimit(.minutes(1))) struct KeepingUpTests {
    @Test func greetsWithItsTokenInTheHeader() async throws {
        let stage = ConnectionStage()
        let socket = try await stage.ready()
        #expect(socket.token == Secret("token-1"))
        let hello = try #require(await socket.sent.first)
        let expected = ClientMessage.hello(
            sessionID: "s", capabilities: PushAction.allCases, client: ClientInfo(version: "1.0"))
        #expect(try json(hello) == json(expected.encoded()))
        #expect(stage.states == [.connecting, .ready])
    }

    @Test(arguments: [401, 403])
    func stopsWhenTheTokenIsRefused(status: Int) async throws {
        let stage = ConnectionStage()
        stage.network.fail(.refused(status: status))
        await stage.connection.start()
        await stage.reach(.signedOut(.notAccepted))
        #expect(stage.network.count == 1)
        #expect(stage.time.waiting.isEmpty)
        // Somebody signs in: it goes on.
        await stage.connection.start()
        let socket = try await stage.network.socket(1)
        await socket.greet()
        await stage.reach(.ready)
    }

    @Test(arguments: [SignInError.required, .storage(reason: "locked"), .refused(code: "x")])
    func asksForASignInWhereThereIsNone(error: SignInError) async throws {
        let stage = ConnectionStage(tokens: FakeTokens(failing: [error]))
        await stage.connection.start()
        await stage.reach(.signedOut(error))
        #expect(stage.network.count == 0)
    }

    @Test func waitsForASignInServiceThatIsAway() async throws {
        let stage = ConnectionStage(tokens: FakeTokens(failing: [.unavailable(reason: "down")]))
        await stage.connection.start()
        await stage.reach(.waiting(.signInUnavailable(reason: "down")))
        await stage.time.pass(.milliseconds(500))
        _ = try await stage.network.socket(0)
    }

    @Test func backsOffFurtherEachTimeUntilThereIsTraffic() async throws {
        let stage = ConnectionStage()
        await stage.connection.start()
        // Accepting, greeting and dying proves nothing.
        for (attempt, seconds) in [0.5, 1, 2, 4, 8, 16, 30, 30].enumerated() {
            let socket = try await stage.network.socket(attempt)
            await socket.greet()
            await stage.reach(.ready)
            await socket.end(.closed(code: 1006))
            await stage.reach(.waiting(.closed(code: 1006)))
            await stage.time.pass(.seconds(seconds))
        }
        let proven = try await stage.network.socket(8)
        await proven.greet()
        await proven.pong()
        await stage.settle(proven)
        await proven.end(.closed(code: 1006))
        await stage.time.pass(.milliseconds(500))
        _ = try await stage.network.socket(9)
    }

    @Test(arguments: ["not_connected", "token_expired", "internal_error"])
    func turningEveryGreetingAwayProvesNothing(code: String) async throws {
        let stage = ConnectionStage()
        await stage.connection.start()
        for (attempt, seconds) in [0.5, 1, 2, 4].enumerated() {
            let socket = try await stage.network.socket(attempt)
            await socket.say(serverError(code))
            await socket.end(.closed(code: 1006))
            await stage.reach(.waiting(.closed(code: 1006)))
            await stage.time.pass(.seconds(seconds))
        }
        _ = try await stage.network.socket(4)
    }

    @Test func jitterTakesAnyPartOfTheDelay() async throws {
        let stage = ConnectionStage(jitter: 0.25)
        stage.network.fail(.unreachable(reason: "x"), .refused(status: 500))
        await stage.connection.start()
        await stage.time.pass(.milliseconds(125))
        await stage.time.pass(.milliseconds(250))
        _ = try await stage.network.socket(2)
    }

    @Test func takesAFreshTokenForEverySocketButTheFirst() async throws {
        let stage = ConnectionStage()
        try await stage.ready().end(.closed(code: 1006))
        stage.network.fail(.unreachable(reason: "x"))
        await stage.time.pass(.milliseconds(500))
        await stage.time.pass(.seconds(1))
        _ = try await stage.ready(2)
        // The token of an attempt that never opened was not used up.
        #expect(await stage.tokens.asked == [false, true, false])
    }

    @Test func pingsBelowTheIdleLimit() async throws {
        let stage = ConnectionStage()
        let socket = try await stage.ready()
        await stage.time.pass(.seconds(20))
        for beat in 1...5 {
            await stage.time.pass(.seconds(240))
            await until { (try? await socket.sent("ping").count) == beat }
            await socket.pong()
            await stage.settle(socket)
            await stage.time.pass(.seconds(20))
        }
        #expect(await socket.isOpen)
        #expect(Pace().heartbeat + Pace().pong < .seconds(600))
    }

    @Test func dropsASocketThatFallsSilent() async throws {
        let stage = ConnectionStage()
        let socket = try await stage.ready()
        await stage.time.pass(.seconds(20))
        await stage.time.pass(.seconds(240))
        await stage.time.pass(.seconds(20))
        await stage.reach(.waiting(.silent))
        #expect(await !socket.isOpen)
    }

    @Test func dropsAServerThatNeverGreets() async throws {
        let stage = ConnectionStage()
        await stage.connection.start()
        _ = try await stage.network.socket(0)
        await stage.time.pass(.seconds(20))
        await stage.reach(.waiting(.silent))
    }

    @Test(arguments: [(3600, 3540), (100, 80), (20, 30), (0, 30), (1_000_000, 6840)])
    func replacesTheSocketBeforeItsTimeIsOver(expiresIn: Int, seconds: Int) async throws {
        let stage = ConnectionStage()
        let old = try await stage.ready(expiresIn: expiresIn)
        await stage.time.pass(.seconds(seconds))
        _ = try await stage.ready(1)
        #expect(await old.wasClosed)
        #expect(stage.states == [.connecting, .ready, .renewing, .ready], "nobody notices")
        #expect(await stage.tokens.asked == [false, true])
    }

    @Test func replacesItAtAQuietMoment() async throws {
        let stage = ConnectionStage()
        let old = try await stage.ready(expiresIn: 310)
        try await stage.connection.ask("Hello", requestID: "r")
        await stage.time.pass(.seconds(250))
        await until { stage.time.waiting.contains(.milliseconds(250)) }
        #expect(await old.isOpen)
        await old.say(answer("r", 0, "Hi"))
        await until { stage.turns.count == 1 }
        await stage.time.pass(.milliseconds(250))
        _ = try await stage.ready(1)
        #expect(await old.wasClosed)
    }

    @Test func doesNotWaitForAQuietMomentForEver() async throws {
        let stage = ConnectionStage()
        _ = try await stage.ready(expiresIn: 310)
        try await stage.connection.ask("Hello", requestID: "r")
        await stage.time.pass(.seconds(250))
        for _ in 0..<120 { await stage.time.pass(.milliseconds(250)) }
        _ = try await stage.network.socket(1)
    }

    @Test func theTwoHourCutGoesUnnoticed() async throws {
        let stage = ConnectionStage()
        let socket = try await stage.ready(expiresIn: 100_000)
        await stage.time.pass(.seconds(20))
        await stage.time.pass(.seconds(240))
        await socket.pong()
        await stage.settle(socket)
        await stage.time.pass(.seconds(20))
        await until { stage.time.waiting.filter { $0 == .seconds(240) }.count == 1 }
        await socket.end(.closed(code: 1001))
        _ = try await stage.ready(1)
        #expect(stage.states == [.connecting, .ready, .renewing, .ready])
    }

    @Test func aServerThatSaysGoodbyeAtOnceIsNotHammered() async throws {
        let stage = ConnectionStage()
        try await stage.ready().end(.closed(code: 1001))
        await stage.reach(.waiting(.closed(code: 1001)))
    }

    @Test func aNewerProtocolEndsIt() async throws {
        let stage = ConnectionStage()
        await stage.connection.start()
        try await stage.network.socket(0).say(serverError("unsupported_version"))
        await stage.reach(.stopped(.unsupportedVersion))
        await stage.connection.start()
        try await stage.network.socket(1).greet(version: 2)
        await until { stage.states.filter { $0 == .stopped(.unsupportedVersion) }.count == 2 }
    }

    @Test func connectsAtOnceWhenTheNetworkIsBack() async throws {
        let stage = ConnectionStage()
        stage.network.fail(.unreachable(reason: "offline"))
        await stage.connection.start()
        await until { stage.time.waiting == [.milliseconds(500)] }
        await stage.connection.checkNow()
        _ = try await stage.ready(1)
    }

    @Test func looksWhetherTheSocketSurvivedTheSleep() async throws {
        let stage = ConnectionStage()
        let socket = try await stage.ready()
        await stage.connection.checkNow()
        await until { (try? await socket.sent("ping").count) == 1 }
        await until { stage.time.waiting.filter { $0 == .seconds(20) }.count == 2 }
        stage.time.manual.advance(by: .seconds(20))
        await stage.reach(.waiting(.silent))
    }

    @Test func stopsAndStartsAgain() async throws {
        let stage = ConnectionStage()
        let socket = try await stage.ready()
        await stage.connection.stop()
        await stage.reach(.idle)
        #expect(await !socket.isOpen)
        await until { stage.time.waiting.isEmpty }
        await stage.connection.start()
        let next = try await stage.network.socket(1)
        await next.greet()
        await stage.reach(.ready)
    }
}
