import Foundation
import Observation
import Synchronization
import Testing

@testable import DesksideCore

@MainActor @Suite(.timeLimit(.minutes(1))) struct ChatModelTests {
    /// What the model asked of the world.
    private final class World: Sendable {
        let log = Mutex<[String]>([])
        let failure = Mutex<SignInError?>(nil)

        var service: ChatService {
            ChatService(
                ask: { prompt, id in try self.note("ask \(id): \(prompt)") },
                beginConversation: { self.log.withLock { $0.append("begin") } },
                signIn: { try self.note("sign in") },
                signOut: { try self.note("sign out") },
                connectNow: { self.log.withLock { $0.append("connect") } })
        }

        private func note(_ text: String) throws {
            log.withLock { $0.append(text) }
            if let error = failure.withLock({ $0 }) { throw error }
        }
    }

    private let world = World()
    private let chat: ChatModel

    init() {
        var number = 0
        chat = ChatModel(service: world.service) {
            number += 1
            return "\(number)"
        }
    }

    private func delta(_ id: String, _ seq: Int, _ text: String) -> ConnectionEvent {
        .turn(.delta(AnswerDelta(requestID: id, seq: seq, text: text)))
    }

    private func failed(_ id: String, _ code: ErrorCode, retryable: Bool = true) -> ConnectionEvent {
        .turn(.failed(ServerError(code: code, message: "m", retryable: retryable, requestID: id)))
    }

    private func send(_ text: String) async {
        chat.draft = text
        await chat.send()
    }

    @Test func sendsWhatIsTyped() async {
        chat.receive(.state(.ready))
        await send("  Hello \n")
        #expect(world.log.withLock { $0 } == ["ask 1: Hello"])
        #expect(chat.draft.isEmpty)
        #expect(chat.exchanges.map(\.prompt) == ["Hello"])
        chat.receive(delta("1", 1, "Hi"))
        #expect(chat.exchanges[0].answer == "Hi")
        chat.receive(delta("unknown", 1, "?"))
        #expect(chat.exchanges.count == 1)
    }

    @Test(arguments: ["", " \n\t"])
    func sendsNothingOfNothing(text: String) async {
        chat.receive(.state(.ready))
        await send(text)
        #expect(chat.exchanges.isEmpty)
    }

    @Test func whatCannotBeSentIsNotLost() async {
        chat.receive(.state(.ready))
        world.failure.withLock { $0 = .required }
        await send("Hello")
        #expect(chat.draft == "Hello")
        #expect(chat.exchanges.isEmpty)
        #expect(chat.problem?.advice == "Sign in to go on.")
        chat.dismissProblem()
        #expect(chat.problem == nil)
    }

    @Test(
        arguments: [
            (ConnectionState.idle, "Signed out", "Sign in to chat.", ChatAction.signIn, false),
            (.connecting, "Connecting…", nil, nil, true),
            (.ready, "Connected", nil, nil, true),
            (.renewing, "Connected", nil, nil, true),
            (
                .waiting(.unreachable(reason: "x")), "Offline",
                "The server cannot be reached. Check this Mac's network. Deskside keeps trying.", .connectNow, true
            ),
            (
                .signedOut(.notAccepted), "Signed out", "The server did not accept the sign-in. Sign in again.",
                .signIn, false
            ),
            (
                .stopped(.unsupportedVersion), "Not connected",
                "This version of Deskside is too old for the server. Install the current version of Deskside.", nil,
                false
            ),
        ] as [(ConnectionState, String, String?, ChatAction?, Bool)])
    func saysHowItStandsAndWhatToDo(
        state: ConnectionState, title: String, advice: String?, action: ChatAction?, canSend: Bool
    ) {
        chat.draft = "x"
        chat.receive(.state(state))
        #expect(chat.status.title == title)
        #expect(chat.status.advice == advice)
        #expect(chat.status.action == action)
        #expect(chat.canSend == canSend)
    }

    @Test func saysWhatTheAgentDoes() async {
        chat.receive(.state(.ready))
        await send("Hello")
        #expect(chat.status == .busy(doing: "Sending…"))
        chat.receive(
            .turn(.accepted(ChatAccepted(requestID: "1", seq: 0, status: .queued, position: 2))))
        #expect(chat.status == .busy(doing: "Waiting for 2 earlier messages…"))
        chat.receive(.turn(.accepted(ChatAccepted(requestID: "1", seq: 1, status: .accepted, position: 0))))
        #expect(chat.status == .busy(doing: "Thinking…"))
        let asked = Activity(
            requestID: "1", seq: 2, tool: "t", toolCallID: "c", status: .started,
            message: "Asked your Mac for its VPN status")
        chat.receive(.turn(.activity(asked)))
        #expect(chat.status == .busy(doing: "Asked your Mac for its VPN status…"))
        chat.receive(.turn(.answer(Answer(requestID: "1", seq: 3, text: "Done"))))
        #expect(chat.status == .ready)
    }

    @Test func theTranscriptSurvivesReconnects() async {
        chat.receive(.state(.ready))
        await send("One\nTwo")
        chat.receive(delta("1", 1, "He"))
        chat.receive(.state(.waiting(.silent)))
        chat.receive(.state(.ready))
        chat.receive(delta("1", 2, "llo"))
        #expect(chat.transcript == "> One\n> Two\n\nHello")
    }

    @Test func triesAgainUnderANewNameUnlessNobodyKnows() async {
        chat.receive(.state(.ready))
        await send("a")
        chat.receive(failed("1", .agentBusy))
        await chat.retry("1")
        chat.receive(failed("2", .turnUnconfirmed))
        await chat.retry("2")
        chat.receive(failed("2", .contentTooLarge, retryable: false))
        await chat.retry("2")
        #expect(world.log.withLock { $0 } == ["ask 1: a", "ask 2: a", "ask 2: a"])
        #expect(chat.exchanges.map(\.id) == ["2"])
    }

    @Test func aRetryThatFailsKeepsThePrompt() async {
        chat.receive(.state(.ready))
        await send("a")
        chat.receive(failed("1", .agentBusy))
        world.failure.withLock { $0 = .required }
        await chat.retry("1")
        #expect(chat.exchanges.map(\.id) == ["1"])
        #expect(chat.exchanges[0].canRetry)
    }

    @Test func clearsForBoth() async {
        chat.receive(.state(.ready))
        await send("a")
        await chat.clear()
        #expect(!chat.canClear)
        #expect(world.log.withLock { $0 }.last == "begin")
    }

    @Test func signsInAndOut() async {
        await chat.perform(.signIn)
        #expect(world.log.withLock { $0 } == ["sign in"])
        chat.receive(.state(.ready))
        await send("private")
        await chat.signOut()
        #expect(chat.exchanges.isEmpty, "the next person is not to read it")
    }

    @Test func aCancelledSignInIsNoProblem() async {
        world.failure.withLock { $0 = .cancelled }
        await chat.signIn()
        #expect(chat.problem == nil)
        #expect(!chat.isSigningIn)
        world.failure.withLock { $0 = .refused(code: "server_error") }
        await chat.signIn()
        #expect(chat.problem?.text == "The sign-in service refused (server_error).")
    }

    @Test func tellsItsObservers() async {
        await confirmation { told in
            withObservationTracking {
                _ = chat.status
            } onChange: {
                told()
            }
            chat.receive(.state(.connecting))
        }
    }
}
