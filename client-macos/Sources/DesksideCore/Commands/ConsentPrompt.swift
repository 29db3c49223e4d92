/// Puts a question to the person. When its task is cancelled the question goes away, and the answer no longer counts.
public struct ConsentPrompt: Sendable {
    public var ask: @Sendable (ConsentRequest) async -> ConsentDecision

    public init(ask: @escaping @Sendable (ConsentRequest) async -> ConsentDecision) {
        self.ask = ask
    }

    /// For where there is nobody to ask.
    public static let declining = ConsentPrompt { _ in .declined }
}
