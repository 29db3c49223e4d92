/// What would leave the Mac in answer to a request for logs: redacted, and small enough.
public struct CollectedLog: Sendable, Equatable {
    public let type: LogType
    public let programs: [Invocation]
    /// To the character what is sent.
    public let text: String
    public let isCut: Bool
}
