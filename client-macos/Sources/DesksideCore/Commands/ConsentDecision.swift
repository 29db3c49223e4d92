public enum ConsentDecision: Sendable, Equatable {
    case declined
    case approved
    /// Approved, and not to be asked again until the app quits. Counts for the status only.
    case approvedForSession
}
