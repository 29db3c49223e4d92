import Foundation
import Testing

@testable import DesksideCore

@Suite(.timeLimit(.minutes(1)))
struct ConsentTests {
    private let person = FakePerson()

    private func request(_ subject: ConsentRequest.Subject) -> ConsentRequest {
        ConsentRequest(subject: subject, expiresAt: .now + .seconds(60))
    }

    @Test(arguments: [(ConsentDecision.declined, false), (.approved, true), (.approvedForSession, true)])
    func decisions(decision: ConsentDecision, isGranted: Bool) async throws {
        let queue = ConsentQueue(prompt: FakePerson(always: decision).prompt)
        #expect(try await queue.isGranted(request(.change(.connect))) == isGranted)
    }

    @Test func withNobodyToAskEverythingIsDeclined() async throws {
        #expect(try await ConsentQueue(prompt: .declining).isGranted(request(.status)) == false)
    }

    @Test func oneQuestionAtATimeInTheirOrder() async throws {
        let queue = ConsentQueue(prompt: person.prompt)
        let first = Task { try await queue.isGranted(request(.change(.connect))) }
        await until { person.open.count == 1 }
        let second = Task { try await queue.isGranted(request(.change(.disconnect))) }
        await Task.yield()
        await person.says(.approved)
        #expect(try await first.value)
        await until { person.asked.count == 2 }
        await person.says(.declined)
        #expect(try await second.value == false)
        #expect(person.asked.map(\.subject) == [.change(.connect), .change(.disconnect)])
        #expect(person.mostAtOnce == 1)
    }

    @Test func theStatusCanBeRememberedAndForgotten() async throws {
        let person = FakePerson(always: .approvedForSession)
        let queue = ConsentQueue(prompt: person.prompt)
        for _ in 0..<3 { #expect(try await queue.isGranted(request(.status))) }
        #expect(person.asked.count == 1)
        await queue.forget()
        #expect(try await queue.isGranted(request(.status)))
        #expect(person.asked.count == 2)
    }

    @Test(arguments: [
        ConsentRequest.Subject.change(.connect), .change(.disconnect),
        .log(CollectedLog(type: .vpn, programs: [], text: "x", isCut: false)),
    ])
    func nothingElseIsRemembered(subject: ConsentRequest.Subject) async throws {
        let person = FakePerson(always: .approvedForSession)
        let queue = ConsentQueue(prompt: person.prompt)
        for _ in 0..<3 { #expect(try await queue.isGranted(request(subject))) }
        #expect(person.asked.count == 3)
        #expect(await !queue.remembersStatus)
        #expect(!request(subject).mayBeRemembered)
    }

    @Test func aQuestionThatWaitedIsNotAskedOnceItIsRemembered() async throws {
        let queue = ConsentQueue(prompt: person.prompt)
        let both = [1, 2].map { _ in Task { try await queue.isGranted(request(.status)) } }
        await person.says(.approvedForSession)
        for one in both { #expect(try await one.value) }
        #expect(person.asked.count == 1)
    }

    @Test func anExpiredQuestionGoesAwayAndLetsTheNextOneIn() async throws {
        let queue = ConsentQueue(prompt: person.prompt)
        let expired = Task { try await queue.isGranted(request(.change(.connect))) }
        await until { person.open.count == 1 }
        let next = Task { try await queue.isGranted(request(.change(.disconnect))) }
        expired.cancel()
        await #expect(throws: CancellationError.self) { try await expired.value }
        await until { person.open.map(\.subject) == [.change(.disconnect)] }
        await person.says(.approved)
        #expect(try await next.value)
    }

    /// The click and the expiry at the same moment: never both, and never a lasting "yes" from a dialog that is gone.
    @Test func approvalAndExpiryRace() async throws {
        for _ in 0..<300 {
            let person = FakePerson()
            let queue = ConsentQueue(prompt: person.prompt)
            let asking = Task { try await queue.isGranted(request(.status)) }
            await until { person.open.count == 1 }
            async let clicked: Void = person.clicks(.approvedForSession)
            asking.cancel()
            await clicked
            switch await asking.result {
            case .success(let isGranted): #expect(await queue.remembersStatus == isGranted)
            case .failure: #expect(await !queue.remembersStatus)
            }
        }
    }

    @Test func theWordsAreOurs() {
        let log = CollectedLog(type: .system, programs: [], text: "x", isCut: true)
        for subject in [ConsentRequest.Subject.status, .log(log), .change(.connect), .change(.disconnect)] {
            let request = request(subject)
            for words in [request.title, request.explanation, request.approval, request.refusal] {
                #expect(!words.isEmpty)
            }
        }
    }
}

@MainActor @Suite(.timeLimit(.minutes(1)))
struct ConsentModelTests {
    private let model = ConsentModel()
    private let question = ConsentRequest(subject: .status, expiresAt: .now + .seconds(60))

    @Test func aQuestionIsShownUntilItIsDecided() async {
        let asking = Task { await model.prompt.ask(question) }
        await until { await self.model.request == self.question }
        model.decide(.approved, on: question.id)
        #expect(model.request == nil)
        #expect(await asking.value == .approved)
    }

    @Test func aClickForAnotherQuestionCountsForNothing() async {
        let asking = Task { await model.prompt.ask(question) }
        await until { await self.model.request != nil }
        model.decide(.approved, on: UUID())
        #expect(model.request == question)
        model.decide(.declined, on: question.id)
        model.decide(.approved, on: question.id)
        #expect(await asking.value == .declined)
    }

    @Test func aCancelledQuestionGoesAway() async {
        let asking = Task { await model.prompt.ask(question) }
        await until { await self.model.request != nil }
        asking.cancel()
        #expect(await asking.value == .declined)
        #expect(model.request == nil)
    }

    @Test func aSecondQuestionIsDeclined() async {
        let asking = Task { await model.prompt.ask(question) }
        await until { await self.model.request != nil }
        let other = ConsentRequest(subject: .change(.connect), expiresAt: .now)
        #expect(await model.prompt.ask(other) == .declined)
        #expect(model.request == question)
        model.decide(.approved, on: question.id)
        #expect(await asking.value == .approved)
    }
}
