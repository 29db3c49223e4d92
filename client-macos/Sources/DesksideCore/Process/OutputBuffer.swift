/// Collects a program's output without ever holding much more than the limit.
struct OutputBuffer {
    private let limit: OutputLimit
    private var bytes: [UInt8] = []
    private(set) var isCut = false

    init(_ limit: OutputLimit) {
        self.limit = limit
    }

    /// Whether nothing that comes later would be kept.
    var isFull: Bool {
        guard case .first(let most) = limit else { return false }
        return isCut && bytes.count >= most
    }

    mutating func append(_ more: UnsafeRawBufferPointer) {
        switch limit {
        case .first(let most):
            let room = max(most - bytes.count, 0)
            bytes.append(contentsOf: more.prefix(room))
            isCut = isCut || more.count > room
        case .last(let most):
            bytes.append(contentsOf: more)
            // Twice the limit, so that the moving costs little for each byte.
            if bytes.count > 2 * most { keepLast(most) }
        }
    }

    /// The text; where it was cut, in whole lines if there are any: half a secret looks like none.
    mutating func text() -> String {
        if case .last(let most) = limit, bytes.count > most { keepLast(most) }
        guard isCut else { return String(decoding: bytes, as: UTF8.self) }
        let newline = UInt8(ascii: "\n")
        switch limit {
        case .first:
            let end = bytes.lastIndex(of: newline).map { $0 + 1 } ?? bytes.count - Self.halfCharacter(atEndOf: bytes)
            return String(decoding: bytes[..<end], as: UTF8.self)
        case .last:
            if let line = bytes.firstIndex(of: newline), line + 1 < bytes.count {
                return String(decoding: bytes[(line + 1)...], as: UTF8.self)
            }
            return String(decoding: bytes.drop { $0 & 0b1100_0000 == 0b1000_0000 }, as: UTF8.self)
        }
    }

    private mutating func keepLast(_ most: Int) {
        bytes.removeFirst(bytes.count - most)
        isCut = true
    }

    private static func halfCharacter(atEndOf bytes: [UInt8]) -> Int {
        for (index, byte) in bytes.reversed().prefix(4).enumerated() where byte & 0b1100_0000 != 0b1000_0000 {
            let length =
                switch byte {
                case 0b1111_0000...: 4
                case 0b1110_0000...: 3
                case 0b1100_0000...: 2
                default: 1
                }
            return index + 1 < length ? index + 1 : 0
        }
        return 0
    }
}
