/// What the agent may ask of this Mac: a closed set. Nothing else of a message ever reaches a process.
public enum MacTask: Sendable, Hashable {
    case run(VPNCommand)
    case reportStatus
    case collectLogs(LogType)
    /// Something this version does not know, by the name it was asked for. Always refused.
    case unsupported(name: String)
}

public enum VPNCommand: String, Sendable, CaseIterable, Codable {
    case connect = "connect_vpn"
    case disconnect = "disconnect_vpn"
}

public enum LogType: String, Sendable, CaseIterable, Codable {
    case vpn, network, system
}

/// One request of the server to this Mac.
public struct MacRequest: Sendable, Equatable, Identifiable {
    /// The `callback_id` of a request that is answered, the `action_id` of a command; the same id is the same request.
    public let id: String
    public let task: MacTask
    /// A command is obeyed and not answered; everything else is answered exactly once.
    public let wantsAnswer: Bool
    /// After that nobody waits for the answer any more. Counted from the arrival of the message.
    public let expiresIn: Duration?

    public init(id: String, task: MacTask, wantsAnswer: Bool, expiresIn: Duration?) {
        self.id = id
        self.task = task
        self.wantsAnswer = wantsAnswer
        self.expiresIn = expiresIn
    }
}

/// Why a request was not carried out, in the words of the wire.
public enum Refusal: String, Sendable, Codable, CaseIterable {
    case declined
    case notInstalled = "not_installed"
    case failed
    case timedOut = "timed_out"
}

/// What became of a request.
public enum Reply: Sendable, Equatable {
    case content(String)
    case refused(Refusal, message: String)
}
