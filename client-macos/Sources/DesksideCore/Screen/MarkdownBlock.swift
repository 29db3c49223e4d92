/// A paragraph, heading, list item and the like: what a view can set. What is within a line stays Markdown.
public struct MarkdownBlock: Sendable, Equatable, Identifiable {
    public enum Kind: Sendable, Equatable {
        case paragraph(String)
        case heading(level: Int, String)
        case item(marker: String, depth: Int, String)
        case code(language: String?, String)
        case quote(String)
        case table([[String]])
        case rule
    }

    /// Its place in the text, which stays the same while the text grows.
    public let id: Int
    public internal(set) var kind: Kind
}
