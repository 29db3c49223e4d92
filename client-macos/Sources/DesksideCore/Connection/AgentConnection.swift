import Foundation

/// This person's connection to the agent: one WebSocket at a time, kept up until it is refused.
public actor AgentConnection {
    /// For one listener.
    public nonisolated let events: AsyncStream<ConnectionEvent>
    public private(set) var state = ConnectionState.idle
    public private(set) var sessionID: String
    /// Requests that arrived more than once.
    public private(set) var duplicates = 0

    private let address: URL
    private let tokens: any TokenSource
    private let connector: WebSocketConnector
    private let handler: RequestHandler
    private let client: ClientInfo
    private let pace: Pace
    private let time: TimeSource
    private let announce: AsyncStream<ConnectionEvent>.Continuation
    private var backoff: Backoff

    private var turns = TurnLedger()
    private var answers = AnswerLedger()
    private var deadlines: [String: Task<Void, Never>] = [:]
    private var underWay: [String: Task<Void, Never>] = [:]

    private var runner: Task<Void, Never>?
    private var pause: Task<Void, any Error>?
    private var socket: (any WebSocketTransport)?
    /// Counts the sockets.
    private var generation = 0
    /// The last token was used on a socket that opened: the next one needs another.
    private var needsFreshToken = false
    private var greeted = false
    private var heard = false
    /// The socket lived long enough that its end is no sign of trouble.
    private var settled = false
    private var renewal = false
    private var wentSilent = false

    public init(
        address: URL,
        sessionID: String = AgentConnection.newSessionID(),
        tokens: any TokenSource,
        connector: WebSocketConnector,
        handler: RequestHandler,
        client: ClientInfo,
        pace: Pace = Pace(),
        backoff: Backoff = Backoff(),
        time: TimeSource = .continuous
    ) {
        self.address = address
        self.sessionID = sessionID
        self.tokens = tokens
        self.connector = connector
        self.handler = handler
        self.client = client
        self.pace = pace
        self.backoff = backoff
        self.time = time
        (events, announce) = AsyncStream.makeStream()
    }

    public static func newSessionID() -> String {
        "mac-\(UUID().uuidString.lowercased())"
    }

    deinit {
        announce.finish()
    }
}

// MARK: - What its owner uses

extension AgentConnection {
    /// Connects, and stays connected. Does nothing when it is at it already.
    public func start() {
        guard runner == nil else { return }
        backoff.reset()
        runner = Task { await run() }
    }

    /// Ends it. What waits is dropped: the next person to connect must not send it.
    public func stop() async {
        let running = runner
        running?.cancel()
        pause?.cancel()
        await socket?.abort()
        await running?.value
        end(.idle)
    }

    /// The network is back, or the Mac woke up: connects now, or sees whether the socket has survived.
    public func checkNow() {
        pause?.cancel()
        if let socket, state == .ready {
            let generation = generation
            Task { await beat(socket, generation) }
        }
    }

    /// Sends a prompt, now or as soon as there is a connection. Its events arrive under this id, one end among them.
    public func ask(_ prompt: String, requestID: String) async throws {
        let scalars = prompt.unicodeScalars.count
        guard prompt.contains(where: { !$0.isWhitespace }) else { throw PromptError.empty }
        guard scalars <= Limits.promptScalars else { throw PromptError.tooLong(scalars: scalars) }
        guard state.isLive else { throw PromptError.notSignedIn }
        let message = ClientMessage.chat(prompt: prompt, sessionID: sessionID, requestID: requestID)
        guard turns.open(requestID, text: try message.encoded()) else { throw PromptError.repeatedID }
        deadlines[requestID] = Task { await giveUp(requestID) }
        await flushTurns()
    }

    /// Begins another conversation on the same connection. What is still said in the old one is not heard any more.
    public func beginSession(_ id: String = AgentConnection.newSessionID()) async {
        sessionID = id
        for turn in turns.openIDs { close(turn) }
        if state == .ready { _ = await transmit(hello) }
    }

    /// Cuts the socket as a lost network would.
    public func drop() async {
        await socket?.abort()
    }
}

// MARK: - Keeping it up

extension AgentConnection {
    private func run() async {
        enter(.connecting)
        while !Task.isCancelled {
            do {
                try await converse()
            } catch is CancellationError where Task.isCancelled {
                break
            } catch let error as SignInError {
                guard case .unavailable(let reason) = error else { return end(.signedOut(error)) }
                await wait(after: .signInUnavailable(reason: reason))
            } catch let fault as ConnectionFault {
                if Task.isCancelled { break }
                if fault.asksForSignIn { return end(.signedOut(.notAccepted)) }
                if fault == .unsupportedVersion { return end(.stopped(fault)) }
                if renewal || (settled && fault.isFarewell) {
                    // It served its time: nobody needs to notice.
                    enter(.renewing)
                    continue
                }
                await wait(after: wentSilent ? .silent : fault)
            } catch {
                // A fault of ours ends in a state that can be seen, not in a loop.
                return end(.stopped(.internalFault(reason: "\(type(of: error))")))
            }
            if !Task.isCancelled { enter(.connecting) }
        }
        runner = nil
    }

    /// One socket from opening to its end, which it throws.
    private func converse() async throws {
        (greeted, heard, settled, renewal, wentSilent) = (false, false, false, false, false)
        let token = try await tokens.accessToken(fresh: needsFreshToken)
        needsFreshToken = false
        try Task.checkCancellation()
        generation += 1
        let socket = await connector.connect(address, token)
        self.socket = socket
        let watching = Task { [generation] in await watch(socket, generation) }
        var renewing: Task<Void, Never>?
        let reason: any Error
        do {
            try Task.checkCancellation()
            try await socket.send(try hello.encoded())
            while true {
                let message = ServerMessage(try await socket.receive())
                heard = true
                needsFreshToken = true
                try await receive(message)
                if case .ready(let ready) = message, renewing == nil {
                    renewing = Task { await renew(socket, after: ready.expiresIn) }
                }
            }
        } catch {
            reason = error
        }
        self.socket = nil
        watching.cancel()
        renewing?.cancel()
        await socket.abort()
        throw reason
    }

    private var hello: ClientMessage {
        .hello(sessionID: sessionID, capabilities: PushAction.allCases, client: client)
    }

    /// Waits for `ready`, then pings. A socket that falls silent is dropped.
    private func watch(_ socket: any WebSocketTransport, _ number: Int) async {
        do {
            try await time.sleep(pace.handshake)
            guard greeted else { return await dropSilent(socket, number) }
            while !Task.isCancelled {
                try await time.sleep(pace.heartbeat)
                await beat(socket, number)
                if number == generation { settled = true }
            }
        } catch {
            // Cancelled: the socket has ended.
        }
    }

    private func beat(_ socket: any WebSocketTransport, _ number: Int) async {
        guard number == generation, self.socket != nil else { return }
        heard = false
        do {
            try await socket.send(try ClientMessage.ping.encoded())
            try await time.sleep(pace.pong)
        } catch {
            // Cancelled, or the socket has ended, of which `receive` tells.
            return
        }
        if !heard { await dropSilent(socket, number) }
    }

    private func dropSilent(_ socket: any WebSocketTransport, _ number: Int) async {
        guard number == generation, self.socket != nil else { return }
        wentSilent = true
        await socket.abort()
    }

    /// Replaces the socket before its token, or API Gateway's patience, ends.
    private func renew(_ socket: any WebSocketTransport, after expiresIn: Duration) async {
        let life = min(expiresIn, pace.longestLife)
        let margin = min(pace.renewBefore, life / 5)
        do {
            try await time.sleep(max(life - margin, pace.shortestLife))
            var patience = margin / 2
            while patience > .zero, turns.isActive || !underWay.isEmpty {
                try await time.sleep(pace.quietCheck)
                patience -= pace.quietCheck
            }
        } catch {
            return
        }
        renewal = true
        await socket.close()
    }

    private func wait(after fault: ConnectionFault) async {
        guard !Task.isCancelled else { return }
        enter(.waiting(fault))
        let delay = backoff.nextDelay()
        let pause = Task { [time] in try await time.sleep(delay) }
        self.pause = pause
        // However it ended, by time or by `checkNow`, it is over.
        _ = await pause.result
        self.pause = nil
    }

    private func enter(_ next: ConnectionState) {
        guard next != state else { return }
        state = next
        announce.yield(.state(next))
    }

    /// Over until somebody acts. What waits is dropped: another person may sign in next.
    private func end(_ last: ConnectionState) {
        runner = nil
        socket = nil
        needsFreshToken = false
        for task in underWay.values { task.cancel() }
        underWay = [:]
        answers = AnswerLedger()
        enter(last)
        for id in turns.openIDs {
            fail(id, .notConnected, "The connection was ended before the answer came.")
        }
    }
}

// MARK: - What arrives

extension AgentConnection {
    private func receive(_ message: ServerMessage) async throws {
        switch message {
        case .ready(let ready):
            guard ready.protocolVersion == Limits.protocolVersion else { throw ConnectionFault.unsupportedVersion }
            greeted = true
            enter(.ready)
            for request in ready.pending { admit(request) }
            for id in answers.unsent { await deliver(id) }
            await flushTurns()
        case .pong:
            backoff.reset()
        case .request(let request):
            // A server that accepts, greets and dies must not be hammered: only what follows proves it.
            backoff.reset()
            admit(request)
        case .turn(.failed(let error)) where error.code == .unsupportedVersion:
            throw ConnectionFault.unsupportedVersion
        case .turn(.failed(let error)) where error.callbackID != nil:
            if !error.code.closesConnection { backoff.reset() }
            notTaken(error)
        case .turn(let event):
            if case .failed(let error) = event, error.code.closesConnection || !greeted {
                // A server that turns every greeting away has proven nothing either.
            } else {
                backoff.reset()
            }
            guard turns.receive(event) else { return }
            if event.endsTurn, let id = event.requestID { deadlines.removeValue(forKey: id)?.cancel() }
            announce.yield(.turn(event))
        case .ignored:
            break
        }
    }

    private func admit(_ request: MacRequest) {
        guard answers.admit(request.id) else {
            duplicates += 1
            if request.wantsAnswer { Task { await deliver(request.id) } }
            return
        }
        guard underWay.count < pace.requestsAtOnce else {
            let reply = Reply.refused(.failed, message: "This Mac is busy with too many requests.")
            Task { await answer(request, reply) }
            return
        }
        underWay[request.id] = Task { await carryOut(request) }
    }

    private func carryOut(_ request: MacRequest) async {
        let reply = await handler.handle(request)
        guard !Task.isCancelled else { return }
        underWay[request.id] = nil
        if let reply { await answer(request, reply) }
    }

    private func answer(_ request: MacRequest, _ reply: Reply) async {
        guard request.wantsAnswer else { return }
        do {
            answers.record(request.id, text: try ClientMessage.encodedCallback(id: request.id, reply))
        } catch {
            assertionFailure("a refusal always fits: \(error)")
        }
        await deliver(request.id)
    }

    private func deliver(_ id: String) async {
        guard state == .ready, let text = answers.claim(id, socket: generation) else { return }
        if !(await transmit(text)) { answers.release(id) }
    }

    /// The server says that it did not take an answer.
    private func notTaken(_ error: ServerError) {
        guard let id = error.callbackID else { return }
        if error.code.closesConnection {
            // Sent again by the next `ready`.
            answers.release(id)
        } else if error.code == .callbackUndelivered || error.code == .internalError, let times = answers.deliveries(id)
        {
            Task {
                do { try await time.sleep(pace.redelivery * times) } catch { return }
                answers.release(id)
                await deliver(id)
            }
        }
    }
}

// MARK: - What is sent

extension AgentConnection {
    private func flushTurns() async {
        guard state == .ready else { return }
        let socket = generation
        for (id, text) in turns.claim(socket: socket) {
            if !(await transmit(text)) { turns.release(id, socket: socket) }
        }
    }

    private func transmit(_ message: ClientMessage) async -> Bool {
        do { return await transmit(try message.encoded()) } catch { return false }
    }

    private func transmit(_ text: String) async -> Bool {
        guard let socket else { return false }
        do {
            try await socket.send(text)
            return true
        } catch {
            // `receive` tells why.
            return false
        }
    }

    private func giveUp(_ requestID: String) async {
        do { try await time.sleep(pace.turn) } catch { return }
        fail(requestID, .turnTimedOut, "No answer came in time.")
    }

    /// Ends a turn with an error of our own.
    private func fail(_ requestID: String, _ code: ErrorCode, _ message: String) {
        close(requestID)
        let error = ServerError(code: code, message: message, retryable: true, requestID: requestID)
        announce.yield(.turn(.failed(error)))
    }

    private func close(_ requestID: String) {
        turns.close(requestID)
        deadlines.removeValue(forKey: requestID)?.cancel()
    }
}

extension ConnectionFault {
    /// A close that says nothing worse than goodbye; API Gateway sends 1001 after two hours.
    fileprivate var isFarewell: Bool { self == .closed(code: 1000) || self == .closed(code: 1001) }
}
