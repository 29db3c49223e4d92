import Testing

@testable import DesksideCore

struct PlainTextTests {
    @Test(arguments: [
        ("a\tb\nc", "a\tb\nc"),
        ("a\r\nb\rc\n\rd", "a\nb\nc\n\nd"),
        ("\u{1B}[31;1mred\u{1B}[0m \u{1B}Mx", "red x"),
        ("a\u{0}b\u{7}c\u{7F}d\u{9B}e", "abcde"),
        ("pass\u{200B}word \u{202E}gnp.exe\u{202C} \u{2066}x\u{FEFF}", "password gnp.exe x"),
        ("🙂 ü é 日本", "🙂 ü é 日本"),
        ("\u{1B}", ""),
        ("\u{1B}[", ""),
    ])
    func table(text: String, plain: String) {
        #expect(text.plainText == plain)
    }
}
