import Foundation

/// An outgoing message that API Gateway would answer by closing the connection; it was not sent.
public struct OversizedMessage: LocalizedError, Equatable {
    public let bytes: Int

    public var errorDescription: String? { "The message has \(bytes) bytes; \(Limits.frameBytes) can be sent." }
    public var recoverySuggestion: String? { "Send less at once." }
}
