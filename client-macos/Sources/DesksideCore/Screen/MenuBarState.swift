/// What the menu bar shows: the VPN, the connection, and whether a question waits.
public struct MenuBarState: Sendable, Equatable {
    public let symbol: String
    public let vpn: String
    public let connection: String?
    public let question: String?

    public init(chat: ChatStatus, vpn: VPNReading, question: ConsentRequest?) {
        symbol = question == nil ? vpn.symbol : "questionmark.bubble.fill"
        self.vpn = vpn.title
        connection = "Assistant: \(chat.title)"
        self.question = question.map { "Waiting for you: \($0.title)" }
    }

    public init(_ problem: SetupProblem) {
        (symbol, vpn, connection, question) = ("exclamationmark.triangle", problem.title, nil, nil)
    }

    /// What VoiceOver says.
    public var spoken: String {
        ["Deskside", question, vpn, connection].compactMap(\.self).joined(separator: ". ")
    }
}
