/// What the agent is doing right now.
public struct Activity: Sendable, Equatable, Decodable {
    public enum Status: String, Sendable, Decodable {
        case started, finished
    }

    public let requestID: String
    public let seq: Int
    public let tool: String
    public let toolCallID: String
    public let status: Status
    /// For the person.
    public let message: String
    /// The `status` of the tool's result once it has finished.
    public var outcome: String?

    enum CodingKeys: String, CodingKey {
        case seq, tool, status, message, outcome
        case requestID = "request_id"
        case toolCallID = "tool_call_id"
    }
}
