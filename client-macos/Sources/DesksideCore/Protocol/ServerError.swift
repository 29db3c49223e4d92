/// Something this client sent could not be done.
public struct ServerError: Sendable, Equatable, Decodable {
    public let code: ErrorCode
    public let message: String
    public let retryable: Bool
    /// The prompt this is about.
    public var requestID: String?
    /// The answer this is about.
    public var callbackID: String?
    public var seq: Int?
    public var detail: String?

    enum CodingKeys: String, CodingKey {
        case code, message, retryable, seq, detail
        case requestID = "request_id"
        case callbackID = "callback_id"
    }
}
