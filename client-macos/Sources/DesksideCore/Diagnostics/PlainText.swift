extension String {
    /// Without what would make a text look different from what it is: control characters and terminal sequences,
    /// invisible characters, and those that turn the direction of writing.
    var plainText: String {
        // Nearly all of what programs print is plain.
        guard utf8.contains(where: { !(0x20...0x7E).contains($0) && $0 != 0x0A && $0 != 0x09 }) else { return self }
        var plain = String.UnicodeScalarView()
        var scalars = unicodeScalars.makeIterator()
        var previous: Unicode.Scalar?
        while let scalar = scalars.next() {
            switch scalar.value {
            case 0x0D: plain.append("\n")
            case 0x0A: if previous?.value != 0x0D { plain.append(scalar) }
            case 0x09: plain.append(scalar)
            case 0x1B: Self.skipTerminalSequence(&scalars)
            case 0x00...0x1F, 0x7F...0x9F, 0xAD, 0x061C, 0x180E, 0x200B...0x200F, 0x2028...0x202E, 0x2060...0x206F,
                0xFEFF,
                0xFFF9...0xFFFB, 0xE0000...0xE007F:
                break
            default: plain.append(scalar)
            }
            previous = scalar
        }
        return String(plain)
    }

    /// `ESC [ … letter`; after any other ESC one character.
    private static func skipTerminalSequence(_ scalars: inout UnicodeScalarView.Iterator) {
        guard scalars.next() == "[" else { return }
        for _ in 0..<32 {
            guard let scalar = scalars.next(), !("@"..."~").contains(scalar) else { return }
        }
    }
}
