/// The rules for what the server may ask: how risky it is, how often, and for how long.
struct CommandPolicy: Sendable {
    /// Nobody waits longer than that for any answer, whatever a request says (docs/protocol.md).
    var longestWait = Duration.seconds(120)
    /// How long a question stays when the request does not say.
    var usualWait = Duration.seconds(60)
    /// An answer has to get there, too.
    var margin = Duration.seconds(1)
    /// Requests a minute of each tier.
    var perMinute: [RiskTier: Int] = [.status: 12, .collect: 6, .change: 4]
    /// An id is a name, not a place to keep data in.
    var longestID = 128
    /// How many ids are known again.
    var rememberedIDs = 4096

    /// Nil for what is always refused.
    func tier(of task: MacTask) -> RiskTier? {
        switch task {
        case .run: .change
        case .reportStatus: .status
        case .collectLogs: .collect
        case .unsupported: nil
        }
    }

    /// How long there is to carry a request out; nothing or less when nobody waits any more.
    func budget(for request: MacRequest) -> Duration {
        guard let expiresIn = request.expiresIn else { return usualWait }
        let wait = min(expiresIn, longestWait)
        return wait - min(margin, wait / 10)
    }
}
