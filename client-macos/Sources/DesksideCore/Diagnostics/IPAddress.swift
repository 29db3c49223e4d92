/// Which addresses say where a person is.
enum IPAddress {
    enum Kind {
        case `public`, `private`
        /// A local one that is made of the machine's hardware address.
        case hardware
    }

    static func kind(ofV4 text: String) -> Kind? {
        let parts = text.split(separator: ".").compactMap { UInt8($0) }
        guard parts.count == 4 else { return nil }
        switch (parts[0], parts[1]) {
        case (0, _), (10, _), (127, _), (224..., _), (169, 254), (172, 16...31), (192, 168), (100, 64...127):
            return .private
        default: return .public
        }
    }

    static func kind(ofV6 text: String) -> Kind? {
        guard let groups = groups(ofV6: text) else { return nil }
        switch groups[0] {
        case 0x2000...0x3FFF: return .public
        case 0xFE80...0xFEBF, 0xFC00...0xFDFF:
            return groups[5] & 0xFF == 0xFF && groups[6] >> 8 == 0xFE ? .hardware : .private
        default: return .private
        }
    }

    private static func groups(ofV6 text: String) -> [UInt16]? {
        let halves = text.split(separator: "::", maxSplits: 1, omittingEmptySubsequences: false)
        let parsed = halves.map {
            $0.split(separator: ":", omittingEmptySubsequences: false).map { UInt16($0, radix: 16) }
        }
        let left = halves[0].isEmpty ? [] : parsed[0].compactMap(\.self)
        guard halves.count == 2 else { return left.count == 8 && parsed[0].count == 8 ? left : nil }
        let right = halves[1].isEmpty ? [] : parsed[1].compactMap(\.self)
        guard left.count + right.count < 8 else { return nil }
        return left + Array(repeating: 0, count: 8 - left.count - right.count) + right
    }
}
