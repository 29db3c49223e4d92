/// What the person is asked before a request is carried out.
public enum RiskTier: Sendable, CaseIterable {
    /// Reads a state. May be allowed for as long as the app runs.
    case status
    /// Sends data away. Shown, to the character, before it leaves.
    case collect
    /// Alters the Mac. Asked each time.
    case change
}
