/// A token or code. It shows itself only to who asks for it by name: not in a log, a dump or an error.
public struct Secret: Sendable, Hashable, Codable {
    public let revealed: String

    public init(_ revealed: String) {
        self.revealed = revealed
    }

    public init(from decoder: any Decoder) throws {
        revealed = try decoder.singleValueContainer().decode(String.self)
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(revealed)
    }
}

extension Secret: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    public var description: String { "•••" }
    public var debugDescription: String { description }
    public var customMirror: Mirror { Mirror(self, children: [:]) }
}
