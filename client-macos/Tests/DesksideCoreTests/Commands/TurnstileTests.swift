import Testing

@testable import DesksideCore

@Suite(.timeLimit(.minutes(1)))
struct TurnstileTests {
    private actor Visits {
        var inside = 0
        var most = 0
        var order: [Int] = []

        func begin(_ number: Int) {
            inside += 1
            most = max(most, inside)
            order.append(number)
        }

        func end() { inside -= 1 }
    }

    @Test func oneAtATime() async {
        let turnstile = Turnstile()
        let visits = Visits()
        await withTaskGroup(of: Void.self) { group in
            for number in 0..<200 {
                group.addTask {
                    guard (try? await turnstile.enter()) != nil else { return }
                    await visits.begin(number)
                    await Task.yield()
                    await visits.end()
                    await turnstile.leave()
                }
            }
        }
        #expect(await visits.most == 1)
        #expect(await visits.order.count == 200)
    }

    @Test func whoGivesUpIsPassedOver() async throws {
        let turnstile = Turnstile()
        try await turnstile.enter()
        let impatient = Task { try await turnstile.enter() }
        await Task.yield()
        impatient.cancel()
        await #expect(throws: CancellationError.self) { try await impatient.value }
        let patient = Task { try await turnstile.enter() }
        await turnstile.leave()
        try await patient.value
        await turnstile.leave()
        try await turnstile.enter()
    }

    @Test func manyGiveUpAtTheVeryMomentTheyAreLetIn() async throws {
        let turnstile = Turnstile()
        for _ in 0..<500 {
            try await turnstile.enter()
            let waiting = Task {
                try await turnstile.enter()
                await turnstile.leave()
            }
            async let cancelled: Void = waiting.cancel()
            await turnstile.leave()
            await cancelled
            _ = await waiting.result
        }
        try await turnstile.enter()
    }
}
