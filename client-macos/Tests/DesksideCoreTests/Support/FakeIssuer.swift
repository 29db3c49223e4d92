import Foundation
import Synchronization

@testable import DesksideCore

#if canImport(FoundationNetworking)
    import FoundationNetworking
#endif

/// A token endpoint that answers as it is told, and remembers the forms it was sent.
final class FakeIssuer: Sendable {
    struct Call: Sendable, Equatable {
        let path: String
        let form: [String: String]
    }

    private struct State {
        var calls: [Call] = []
        var answers: [(status: Int, body: String)?] = []
    }

    private let state = Mutex(State())
    /// Held closed, every call waits.
    let gate: @Sendable () async -> Void

    init(gate: @escaping @Sendable () async -> Void = {}) {
        self.gate = gate
    }

    var calls: [Call] { state.withLock { $0.calls } }

    /// The next calls are answered like this; nil is a network that is away. Then with tokens.
    func answer(_ answers: (status: Int, body: String)?...) {
        state.withLock { $0.answers = answers }
    }

    var http: HTTPClient {
        HTTPClient { request in
            let body = String(decoding: request.httpBody ?? Data(), as: UTF8.self)
            let items = URLComponents(string: "?" + body)?.queryItems ?? []
            let form = Dictionary(items.map { ($0.name, $0.value ?? "") }) { first, _ in first }
            let number = self.state.withLock { state in
                state.calls.append(Call(path: request.url?.path() ?? "", form: form))
                return state.calls.count
            }
            await self.gate()
            let answer = self.state.withLock { $0.answers.isEmpty ? Self.tokens(number) : $0.answers.removeFirst() }
            guard let answer else { throw URLError(.notConnectedToInternet) }
            return (Data(answer.body.utf8), answer.status)
        }
    }

    private static func tokens(_ number: Int) -> (status: Int, body: String)? {
        (200, #"{"access_token": "access-\#(number)", "refresh_token": "refresh-\#(number)", "expires_in": 3600}"#)
    }
}
