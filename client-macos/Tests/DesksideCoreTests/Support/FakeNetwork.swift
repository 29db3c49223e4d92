import Foundation
import Synchronization

@testable import DesksideCore

/// Hands out sockets, and remembers them.
final class FakeNetwork: Sendable {
    private struct State {
        var sockets: [FakeSocket] = []
        var faults: [ConnectionFault] = []
    }

    private let state = Mutex(State())

    var connector: WebSocketConnector {
        WebSocketConnector { _, token in
            self.state.withLock { state in
                let socket = FakeSocket(token: token, fault: state.faults.isEmpty ? nil : state.faults.removeFirst())
                state.sockets.append(socket)
                return socket
            }
        }
    }

    var count: Int { state.withLock { $0.sockets.count } }

    /// The next handshakes end like this.
    func fail(_ faults: ConnectionFault...) {
        state.withLock { $0.faults = faults }
    }

    /// The socket of this number, from 0, once it is there.
    func socket(_ number: Int) async throws -> FakeSocket {
        await until { self.count > number }
        try Task.checkCancellation()
        return state.withLock { $0.sockets[number] }
    }
}
