/// Finds the button to press in the windows of Cisco's client.
public enum ConnectButton {
    /// A window as Accessibility tells of it.
    public struct Window: Sendable, Equatable {
        public let title: String
        /// The titles of its buttons that can be pressed, in their order.
        public let buttons: [String]

        public init(title: String, buttons: [String]) {
            self.title = title
            self.buttons = buttons
        }
    }

    public enum Finding: Sendable, Equatable {
        case press(window: Int, button: Int)
        case alreadyConnected
        case notFound
    }

    /// By the product, not by place: the first window is not reliably the main one.
    static let windowTitles = ["Cisco Secure Client", "Cisco AnyConnect"]

    public static func find(in windows: [Window]) -> Finding {
        let own = windows.enumerated().filter { _, window in windowTitles.contains { window.title.hasPrefix($0) } }
        for (place, window) in own {
            if let button = window.buttons.firstIndex(of: "Connect") { return .press(window: place, button: button) }
        }
        return own.contains { $1.buttons.contains("Disconnect") } ? .alreadyConnected : .notFound
    }
}
