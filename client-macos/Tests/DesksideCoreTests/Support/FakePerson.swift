import Synchronization

@testable import DesksideCore

/// A person in front of the dialogs. Looks at each until told what to say, or says the same to all.
final class FakePerson: Sendable {
    private struct Seen {
        let request: ConsentRequest
        let answer: FirstResult<ConsentDecision>
    }

    private struct State {
        var open: [Seen] = []
        var asked: [ConsentRequest] = []
        var mostAtOnce = 0
    }

    private let state = Mutex(State())
    private let always: ConsentDecision?

    init(always: ConsentDecision? = nil) {
        self.always = always
    }

    var asked: [ConsentRequest] { state.withLock { $0.asked } }
    var open: [ConsentRequest] { state.withLock { $0.open.map(\.request) } }
    var mostAtOnce: Int { state.withLock { $0.mostAtOnce } }

    var prompt: ConsentPrompt {
        ConsentPrompt { request in
            let seen = Seen(request: request, answer: FirstResult())
            self.state.withLock { state in
                state.asked.append(request)
                state.open.append(seen)
                state.mostAtOnce = max(state.mostAtOnce, state.open.count)
            }
            if let always = self.always {
                await Task.yield()
                seen.answer.offer(.success(always))
            }
            let decision = await withTaskCancellationHandler {
                do { return try await seen.answer.value } catch { return .declined }
            } onCancel: {
                seen.answer.offer(.success(.declined))
            }
            self.state.withLock { $0.open.removeAll { $0.request.id == request.id } }
            return decision
        }
    }

    /// Answers the oldest open question, once there is one.
    func says(_ decision: ConsentDecision) async {
        await until { !self.open.isEmpty }
        clicks(decision)
    }

    /// Answers the oldest open question, if there is one.
    func clicks(_ decision: ConsentDecision) {
        state.withLock { $0.open.first }?.answer.offer(.success(decision))
    }
}
