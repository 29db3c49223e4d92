/// A piece of the answer as it is written.
public struct AnswerDelta: Sendable, Equatable, Decodable {
    public let requestID: String
    public let seq: Int
    public let text: String

    enum CodingKeys: String, CodingKey {
        case seq, text
        case requestID = "request_id"
    }
}
