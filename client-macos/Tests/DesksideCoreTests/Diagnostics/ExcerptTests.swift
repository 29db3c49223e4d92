import Foundation
import Testing

@testable import DesksideCore

struct ExcerptTests {
    @Test(arguments: [
        ("one\ntwo\nthree", 100, Excerpt.End.beginning, "one\ntwo\nthree", false),
        ("one\ntwo\nthree", 15, .beginning, "one\ntwo\nthree", false),
        ("one\ntwo\nthree", 14, .beginning, "one\n[…]", true),
        ("one\ntwo\nthree", 14, .end, "[…]\nthree", true),
        ("abcdefghijklmn", 12, .beginning, "abcde\n[…]", true),
        ("abcdefghijklmn", 12, .end, "[…]\njklmn", true),
        ("🙂🙂🙂🙂", 15, .beginning, "🙂🙂\n[…]", true),
        ("🙂🙂🙂🙂", 15, .end, "[…]\n🙂🙂", true),
        ("abcdefghijklmn", 7, .beginning, "", true),
        ("abc", 0, .end, "", true),
        ("", 0, .end, "", false),
    ])
    func table(text: String, budget: Int, end: Excerpt.End, kept: String, isCut: Bool) {
        let excerpt = Excerpt(of: text, budget: budget, keeping: end)
        #expect(excerpt.text == kept)
        #expect(excerpt.isCut == isCut)
        #expect(ContentLimit.cost(excerpt.text) <= budget)
    }

    /// The cost has to be an upper bound of what the encoder makes of a text.
    @Test(arguments: [
        "plain", "\"quoted\" \\ /slashes/", "tab\tand\nline", "\u{1}\u{1F}\u{7F}", "üé日本🙂\u{2028}",
        String(repeating: "\u{0}", count: 9),
    ])
    func costIsWhatJSONTakes(text: String) throws {
        let encoded = try JSONEncoder().encode(text).count - 2
        #expect(ContentLimit.cost(text) >= encoded)
        #expect(ContentLimit.cost(text) >= text.utf8.count)
    }
}
