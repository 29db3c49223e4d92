import Foundation

/// One thing this app did for the assistant.
public struct SentLogEntry: Sendable, Identifiable, Equatable {
    public enum Event: Sendable, Equatable {
        case ran(Invocation, ProgramOutput.Ending)
        case sent(content: String)
        case refused(Refusal, message: String)
        case announced(Announcement)
    }

    public let id: Int
    public let event: Event
    public var at: Date
    /// How often it happened in a row.
    public var count = 1
}
