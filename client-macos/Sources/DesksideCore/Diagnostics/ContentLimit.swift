/// How much one answer may carry: the encoded message has to fit one frame of API Gateway (docs/protocol.md).
enum ContentLimit {
    static let bytes = Limits.contentBytes

    /// The bytes of a text within a JSON string. At least those of the text itself, so that one limit serves both.
    static func cost(_ text: some StringProtocol) -> Int {
        text.utf8.reduce(0) { $0 + cost($1) }
    }

    static func cost(_ scalar: Unicode.Scalar) -> Int {
        scalar.isASCII ? cost(UInt8(scalar.value)) : UTF8.width(scalar)
    }

    private static func cost(_ byte: UInt8) -> Int {
        switch byte {
        // Foundation writes `\/`.
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"), UInt8(ascii: "\n"), UInt8(ascii: "\t"): 2
        case 0x00...0x1F, 0x7F: 6
        default: 1
        }
    }
}
