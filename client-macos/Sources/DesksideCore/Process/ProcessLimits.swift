/// What one run of a program may cost.
public struct ProcessLimits: Sendable, Hashable {
    /// After that the program is asked to end, and after `grace` it is ended.
    public var timeout: Duration
    public var output: OutputLimit
    public var grace: Duration

    public init(timeout: Duration, output: OutputLimit = .first(64 * 1024), grace: Duration = .milliseconds(500)) {
        self.timeout = timeout
        self.output = output
        self.grace = grace
    }
}

/// How many bytes of a program's output are kept.
public enum OutputLimit: Sendable, Hashable {
    /// The beginning; a program that says more is ended.
    case first(Int)
    /// The end; the program may go on talking until its timeout.
    case last(Int)
}
