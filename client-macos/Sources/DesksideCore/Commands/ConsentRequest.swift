import Foundation

/// A question to the person. Every word of it is ours; of the server's request it holds a choice from a closed set.
public struct ConsentRequest: Sendable, Identifiable, Equatable {
    public enum Subject: Sendable, Equatable {
        case status
        case log(CollectedLog)
        case change(VPNCommand)
    }

    public let id: UUID
    public let subject: Subject
    /// When the question goes away by itself, as declined.
    public let expiresAt: ContinuousClock.Instant

    public init(id: UUID = UUID(), subject: Subject, expiresAt: ContinuousClock.Instant) {
        self.id = id
        self.subject = subject
        self.expiresAt = expiresAt
    }

    /// Whether "don't ask again until I quit" may be offered.
    public var mayBeRemembered: Bool { subject == .status }

    public var title: String {
        switch subject {
        case .status: "Tell the assistant your VPN’s state?"
        case .log(let log): "Send the assistant \(log.type.title)?"
        case .change(.connect): "Connect your VPN?"
        case .change(.disconnect): "Disconnect your VPN?"
        }
    }

    public var explanation: String {
        switch subject {
        case .status: "The assistant asks whether your VPN is connected. It gets one word, such as “connected”."
        case .log(let log):
            "This is all that would leave your Mac. Passwords, e-mail addresses and hardware addresses were taken out."
                + (log.isCut ? " It was shortened to fit." : "")
        case .change(.connect):
            "The assistant asks to open Cisco Secure Client and press Connect. You enter your password there yourself."
        case .change(.disconnect): "The assistant asks to end the VPN connection. What uses it will stop working."
        }
    }

    public var approval: String {
        switch subject {
        case .status: "Tell"
        case .log: "Send"
        case .change(.connect): "Connect"
        case .change(.disconnect): "Disconnect"
        }
    }

    /// The default button.
    public var refusal: String {
        switch subject {
        case .status: "Don’t Tell"
        case .log: "Don’t Send"
        case .change(.connect): "Don’t Connect"
        case .change(.disconnect): "Stay Connected"
        }
    }
}

extension LogType {
    var title: String {
        switch self {
        case .vpn: "VPN state and statistics"
        case .network: "network interfaces and routes"
        case .system: "the VPN’s system log"
        }
    }
}
