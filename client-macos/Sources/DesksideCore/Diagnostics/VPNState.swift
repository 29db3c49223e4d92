/// The states of the wire.
public enum VPNState: String, Sendable, CaseIterable {
    case connected, disconnected, connecting, disconnecting, reconnecting
    /// Not read, or not understood. Never to be taken for `disconnected`.
    case unknown
}
