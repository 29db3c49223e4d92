/// The `code` of an `error` event.
public enum ErrorCode: String, Sendable, CaseIterable {
    case badJSON = "bad_json"
    case invalidMessage = "invalid_message"
    case unknownAction = "unknown_action"
    case unsupportedVersion = "unsupported_version"
    case notConnected = "not_connected"
    case tokenExpired = "token_expired"
    case agentBusy = "agent_busy"
    case agentUnavailable = "agent_unavailable"
    case turnUnconfirmed = "turn_unconfirmed"
    case turnFailed = "turn_failed"
    case turnTimedOut = "turn_timed_out"
    case callbackUnknown = "callback_unknown"
    case callbackAnswered = "callback_answered"
    case callbackExpired = "callback_expired"
    case callbackUndelivered = "callback_undelivered"
    case contentTooLarge = "content_too_large"
    case malformedAnswer = "malformed_answer"
    case internalError = "internal_error"
    /// A code of a newer server. Kept, because the error may end a turn that would wait for ever otherwise.
    case unrecognized = ""

    /// The server closes the connection after it: the connection was at fault, not what was sent.
    var closesConnection: Bool { self == .notConnected || self == .tokenExpired }
}

extension ErrorCode: Decodable {
    public init(from decoder: any Decoder) throws {
        self = ErrorCode(rawValue: try decoder.singleValueContainer().decode(String.self)) ?? .unrecognized
    }
}
