import Testing

@testable import DesksideCore

struct MarkdownReaderTests {
    @Test(
        arguments: [
            ("", []),
            ("one\ntwo\n\nthree", [.paragraph("one\ntwo"), .paragraph("three")]),
            ("# Head\ntext", [.heading(level: 1, "Head"), .paragraph("text")]),
            ("### Deep ##", [.heading(level: 3, "Deep")]),
            ("# Using C#", [.heading(level: 1, "Using C#")]),
            ("# ####", [.heading(level: 1, "")]),
            ("#hash", [.paragraph("#hash")]),
            (
                "- one\n  - two\n  goes on\n1. first\n12) twelfth",
                [
                    .item(marker: "•", depth: 0, "one"), .item(marker: "•", depth: 1, "two\ngoes on"),
                    .item(marker: "1.", depth: 0, "first"), .item(marker: "12.", depth: 0, "twelfth"),
                ]
            ),
            ("**bold** start", [.paragraph("**bold** start")]),
            ("a\n---\nb", [.paragraph("a"), .rule, .paragraph("b")]),
            ("> said\n> more\n\n> other", [.quote("said\nmore"), .quote("other")]),
            (
                "```sh\n# no heading\n\n- no item\n```\nafter",
                [
                    .code(language: "sh", "# no heading\n\n- no item"), .paragraph("after"),
                ]
            ),
            ("````\n```\n````", [.code(language: nil, "```")]),
            ("~~~\na\n~~~~", [.code(language: nil, "a")]),
            (
                "- item\n  ```\n  code\n    more\n  ```",
                [
                    .item(marker: "•", depth: 0, "item"), .code(language: nil, "code\n  more"),
                ]
            ),
            ("```inline``` words", [.paragraph("```inline``` words")]),
            ("| a | b |\n|---|:-:|\n| 1 | 2 |", [.table([["a", "b"], ["1", "2"]])]),
            ("line\r\nnext", [.paragraph("line\nnext")]),
        ] as [(String, [MarkdownBlock.Kind])])
    func reads(_ text: String, _ kinds: [MarkdownBlock.Kind]) {
        #expect(MarkdownReader.blocks(of: text).map(\.kind) == kinds)
    }

    @Test func anOpenFenceIsCodeToTheEnd() {
        #expect(
            MarkdownReader.blocks(of: "so:\n```\nvpn st").map(\.kind) == [
                .paragraph("so:"), .code(language: nil, "vpn st"),
            ])
    }

    @Test func blocksKeepTheirPlaceWhileTheTextGrows() {
        let text = "# Head\n\ntext\n\n- one\n- two\n\n```\ncode\n```\n\nend"
        var places: [Int] = []
        for length in 0...text.count {
            let blocks = MarkdownReader.blocks(of: String(text.prefix(length)))
            #expect(blocks.map(\.id) == Array(blocks.indices))
            #expect(blocks.count >= (places.last ?? 0) - 1, "at most the block that is being written changes")
            places.append(blocks.count)
        }
        #expect(places.last == 6)
    }

    @Test func nothingIsLostOfAHugeLine() {
        let line = String(repeating: "a|`*#> ", count: 20_000)
        #expect(MarkdownReader.blocks(of: line).count == 1)
    }
}
