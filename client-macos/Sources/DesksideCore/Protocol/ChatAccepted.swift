/// The prompt is with the agent. A queued prompt gets a second one when its turn begins.
public struct ChatAccepted: Sendable, Equatable, Decodable {
    public enum Status: String, Sendable, Decodable {
        case accepted, queued
    }

    public let requestID: String
    public let seq: Int
    public let status: Status
    /// Prompts before this one; nil or 0 when it is being worked on.
    public var position: Int?

    enum CodingKeys: String, CodingKey {
        case seq, status, position
        case requestID = "request_id"
    }
}
