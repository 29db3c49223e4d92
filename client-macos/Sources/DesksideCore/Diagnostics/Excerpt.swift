/// A text cut to a size, in whole lines where it can be, that says so.
struct Excerpt: Equatable {
    enum End {
        case beginning, end
    }

    let text: String
    let isCut: Bool

    /// - Parameters:
    ///   - budget: in `ContentLimit.cost`.
    ///   - end: the part that is kept.
    init(of text: String, budget: Int, keeping end: End) {
        guard ContentLimit.cost(text) > budget else {
            self.text = text
            isCut = false
            return
        }
        isCut = true
        let marker = "[…]"
        let room = budget - ContentLimit.cost(marker) - ContentLimit.cost("\n")
        guard room > 0 else {
            self.text = ""
            return
        }
        var kept: String
        switch end {
        case .beginning:
            kept = Self.prefix(of: text.unicodeScalars, room)
            if let lastLine = kept.lastIndex(of: "\n"), lastLine > kept.startIndex { kept = String(kept[..<lastLine]) }
            self.text = kept + "\n" + marker
        case .end:
            kept = Self.suffix(of: text.unicodeScalars, room)
            if let line = kept.firstIndex(of: "\n"), kept[line...].count > 1 {
                kept = String(kept[kept.index(after: line)...])
            }
            self.text = marker + "\n" + kept
        }
    }

    private static func prefix(of scalars: String.UnicodeScalarView, _ room: Int) -> String {
        var cost = 0
        return String(
            scalars.prefix { scalar in
                cost += ContentLimit.cost(scalar)
                return cost <= room
            })
    }

    private static func suffix(of scalars: String.UnicodeScalarView, _ room: Int) -> String {
        var cost = 0
        let count = scalars.reversed().prefix { scalar in
            cost += ContentLimit.cost(scalar)
            return cost <= room
        }.count
        return String(scalars.suffix(count))
    }
}
