/// The times a connection keeps.
public struct Pace: Sendable {
    /// Between pings. API Gateway ends a connection that is idle for 10 minutes.
    public var heartbeat: Duration = .seconds(240)
    /// How long a ping may go unanswered before the socket counts as dead.
    public var pong: Duration = .seconds(20)
    /// From opening a socket to `ready`.
    public var handshake: Duration = .seconds(20)
    /// API Gateway ends every connection after 2 hours: it is replaced before.
    public var longestLife: Duration = .seconds(115 * 60)
    /// However short-lived the server says the token is.
    public var shortestLife: Duration = .seconds(30)
    /// How long before its end a socket is replaced, at a quiet moment if there is one.
    public var renewBefore: Duration = .seconds(60)
    /// Between looks for that quiet moment.
    public var quietCheck: Duration = .milliseconds(250)
    /// Before an answer that the server could not hand on is sent again.
    public var redelivery: Duration = .milliseconds(500)
    /// A little longer than the server itself lets a turn run.
    public var turn: Duration = .seconds(630)
    /// Requests carried out at the same time; more are refused.
    public var requestsAtOnce = 32

    public init() {}
}
