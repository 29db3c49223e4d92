/// The whole answer, once, at the end of a turn.
public struct Answer: Sendable, Equatable, Decodable {
    public let requestID: String
    public let seq: Int
    public let text: String
    /// The whole text did not fit one frame: then the deltas are the whole answer.
    public var truncated: Bool?

    enum CodingKeys: String, CodingKey {
        case seq, text, truncated
        case requestID = "request_id"
    }
}
