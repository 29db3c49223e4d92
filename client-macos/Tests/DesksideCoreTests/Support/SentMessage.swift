import Foundation

/// A message that the client sent, read by its fields.
struct SentMessage: Sendable, Decodable, Equatable {
    struct Failure: Sendable, Decodable, Equatable {
        let code: String
        let message: String
    }

    let action: String
    var prompt: String?
    var sessionID: String?
    var requestID: String?
    var callbackID: String?
    var content: String?
    var error: Failure?

    enum CodingKeys: String, CodingKey {
        case action, prompt, content, error
        case sessionID = "session_id"
        case requestID = "request_id"
        case callbackID = "callback_id"
    }

    init(_ text: String) throws {
        self = try JSONDecoder().decode(SentMessage.self, from: Data(text.utf8))
    }
}
