/// Reads the blocks of a Markdown text that may still be being written: an open fence is code to the end.
///
/// Less than CommonMark: lists hold paragraphs only, and HTML is text.
public struct MarkdownReader {
    private struct Fence {
        let mark: Character
        let length: Int
        let indent: Int
        let language: String?
        var lines: [Substring] = []
    }

    private var blocks: [MarkdownBlock] = []
    private var fence: Fence?
    /// Whether a line of text goes on with the last block.
    private var isOpen = false

    public static func blocks(of text: String) -> [MarkdownBlock] {
        var reader = MarkdownReader()
        for line in text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline) { reader.read(line) }
        reader.endFence()
        return reader.blocks
    }

    private mutating func read(_ line: Substring) {
        let body = line.drop(while: \.isWhitespace)
        let indent = line.count - body.count
        if let open = fence {
            let isEnd = body.count >= open.length && body.trimmedEnd.allSatisfy { $0 == open.mark }
            if isEnd { endFence() } else { fence?.lines.append(line.dropFirst(min(indent, open.indent))) }
        } else if let begun = Self.fence(body, indent) {
            (fence, isOpen) = (begun, false)
        } else if body.isEmpty {
            isOpen = false
        } else {
            readText(String(body.trimmedEnd), indent)
        }
    }

    /// A row of # at the end closes a heading only behind a space.
    private static func withoutClosing(_ heading: Substring) -> String {
        let end = heading.trimmedEnd
        guard let last = end.lastIndex(where: { $0 != "#" }) else { return "" }
        return end[last].isWhitespace ? String(end[...last].trimmedEnd) : String(end)
    }

    private static func depth(_ indent: Int) -> Int { min(indent / 2, 8) }

    private mutating func readText(_ text: String, _ indent: Int) {
        if let heading = text.wholeMatch(of: /(#{1,6})\s+(.*)/) {
            add(.heading(level: heading.1.count, Self.withoutClosing(heading.2)))
            isOpen = false
        } else if text.wholeMatch(of: /([-*_])(\s*\1){2,}/) != nil {
            add(.rule)
            isOpen = false
        } else if let item = text.wholeMatch(of: /[-*+]\s+(.+)/) {
            add(.item(marker: "•", depth: Self.depth(indent), String(item.1)))
        } else if let item = text.wholeMatch(of: /(\d{1,9})[.)]\s+(.+)/) {
            add(.item(marker: "\(item.1).", depth: Self.depth(indent), String(item.2)))
        } else if text.hasPrefix(">") {
            let quoted = String(text.dropFirst().drop(while: \.isWhitespace))
            if isOpen, case .quote(let before) = blocks.last?.kind {
                replaceLast(.quote("\(before)\n\(quoted)"))
            } else {
                add(.quote(quoted))
            }
        } else if text.hasPrefix("|"), text.count > 1 {
            readRow(text)
        } else {
            goOn(text)
        }
    }

    private mutating func goOn(_ text: String) {
        switch isOpen ? blocks.last?.kind : nil {
        case .paragraph(let before): replaceLast(.paragraph("\(before)\n\(text)"))
        case .item(let marker, let depth, let before):
            replaceLast(.item(marker: marker, depth: depth, "\(before)\n\(text)"))
        case .quote(let before): replaceLast(.quote("\(before)\n\(text)"))
        case .heading, .code, .table, .rule, nil: add(.paragraph(text))
        }
    }

    private mutating func readRow(_ text: String) {
        let inner = text.hasSuffix("|") ? text.dropFirst().dropLast() : text.dropFirst()
        let cells = inner.split(separator: "|", omittingEmptySubsequences: false)
            .map { String($0.drop(while: \.isWhitespace).trimmedEnd) }
        let isRuler = cells.allSatisfy { $0.wholeMatch(of: /:?-+:?/) != nil }
        if isOpen, case .table(let rows) = blocks.last?.kind {
            if !isRuler { replaceLast(.table(rows + [cells])) }
        } else {
            add(.table([cells]))
        }
    }

    private mutating func endFence() {
        guard let fence else { return }
        add(.code(language: fence.language, fence.lines.joined(separator: "\n")))
        self.fence = nil
        isOpen = false
    }

    private mutating func add(_ kind: MarkdownBlock.Kind) {
        blocks.append(MarkdownBlock(id: blocks.count, kind: kind))
        isOpen = true
    }

    private mutating func replaceLast(_ kind: MarkdownBlock.Kind) {
        blocks[blocks.count - 1].kind = kind
    }

    private static func fence(_ body: Substring, _ indent: Int) -> Fence? {
        guard let mark = body.first, mark == "`" || mark == "~" else { return nil }
        let length = body.prefix { $0 == mark }.count
        let info = body.dropFirst(length)
        guard length >= 3, !info.contains("`") else { return nil }
        let language = info.split(whereSeparator: \.isWhitespace).first.map(String.init)
        return Fence(mark: mark, length: length, indent: indent, language: language)
    }
}

extension Substring {
    fileprivate var trimmedEnd: Substring {
        var rest = self
        while rest.last?.isWhitespace == true { rest.removeLast() }
        return rest
    }
}
