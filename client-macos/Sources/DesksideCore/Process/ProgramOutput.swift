/// What a program printed, on both of its outputs, and how it ended.
public struct ProgramOutput: Sendable, Equatable {
    public enum Ending: Sendable, Equatable {
        case exited(Int32)
        case signalled(Int32)
        /// Ended by us.
        case timedOut
        /// Ended by us: it printed more than is wanted.
        case outputLimit
    }

    public var text: String
    public var ending: Ending
    /// Whether some of the output was left out of `text`.
    public var isCut: Bool

    public init(text: String, ending: Ending = .exited(0), isCut: Bool = false) {
        self.text = text
        self.ending = ending
        self.isCut = isCut
    }
}
