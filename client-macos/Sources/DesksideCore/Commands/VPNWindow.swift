/// Cisco's own window: its command line cannot connect while that is open, and passwords belong there.
public struct VPNWindow: Sendable {
    public enum Press: Sendable, Equatable {
        case pressed
        /// The window offers to disconnect.
        case alreadyConnected
        /// macOS does not let this app press buttons.
        case notPermitted
        case notFound
    }

    /// Opens Cisco Secure Client, or brings it to the front. Throws `VPNWindowError`.
    public var open: @Sendable () async throws -> Void
    /// Presses Connect. That it was pressed says nothing about the VPN.
    public var pressConnect: @Sendable () async -> Press

    public init(open: @escaping @Sendable () async throws -> Void, pressConnect: @escaping @Sendable () async -> Press)
    {
        self.open = open
        self.pressConnect = pressConnect
    }
}
