extension ChatStatus {
    /// The name of an SF Symbol.
    public var symbol: String {
        switch self {
        case .ready: "checkmark.circle"
        case .busy: "ellipsis.circle"
        case .connecting: "arrow.triangle.2.circlepath"
        case .offline: "wifi.slash"
        case .signingIn, .signedOut: "person.crop.circle.badge.questionmark"
        case .unusable: "exclamationmark.triangle"
        }
    }

    /// Whether it passes by itself.
    public var isUnderWay: Bool {
        switch self {
        case .busy, .connecting, .signingIn: true
        case .ready, .offline, .signedOut, .unusable: false
        }
    }

    public var showsBanner: Bool { self != .ready }

    /// What to do, or what can be done meanwhile.
    public var hint: String? {
        switch self {
        case .ready: nil
        case .busy: "You can send the next message meanwhile."
        case .connecting: "What you send now goes out as soon as there is a connection."
        case .offline, .signingIn, .signedOut, .unusable: advice
        }
    }
}
