import DesksideCore
import Foundation

extension AttributedString {
    /// A line of an answer: emphasis, code and links; only links to the web can be clicked.
    public static func answer(_ markdown: String) -> AttributedString {
        let options = AttributedString.MarkdownParsingOptions(
            interpretedSyntax: .inlineOnlyPreservingWhitespace, failurePolicy: .returnPartiallyParsedIfPossible)
        var text: AttributedString
        do {
            text = try AttributedString(markdown: markdown, options: options)
        } catch {
            return AttributedString(markdown)
        }
        for run in text.runs {
            if let link = run.link, !WebLink.mayOpen(link) { text[run.range].link = nil }
        }
        return text
    }
}
