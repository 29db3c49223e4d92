import Foundation

/// SHA-256 (FIPS 180-4), for the platform without CryptoKit. The app uses CryptoKit.
enum SHA256 {
    static func digest(_ message: Data) -> Data {
        var state: [UInt32] = primes(8).map { fraction(Double($0).squareRoot()) }
        let constants: [UInt32] = primes(64).map { fraction(cbrt(Double($0))) }
        var bytes = [UInt8](message) + [0x80]
        while bytes.count % 64 != 56 { bytes.append(0) }
        bytes += withUnsafeBytes(of: UInt64(message.count * 8).bigEndian) { [UInt8]($0) }
        for start in stride(from: 0, to: bytes.count, by: 64) {
            compress(bytes[start..<start + 64], into: &state, constants)
        }
        return Data(state.flatMap { word in withUnsafeBytes(of: word.bigEndian) { [UInt8]($0) } })
    }

    private static func compress(_ block: ArraySlice<UInt8>, into state: inout [UInt32], _ constants: [UInt32]) {
        var words = stride(from: block.startIndex, to: block.endIndex, by: 4).map { index in
            block[index..<index + 4].reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
        }
        for index in 16..<64 {
            let early = words[index - 15]
            let late = words[index - 2]
            let first = rotated(early, 7) ^ rotated(early, 18) ^ early >> 3
            let second = rotated(late, 17) ^ rotated(late, 19) ^ late >> 10
            words.append(words[index - 16] &+ first &+ words[index - 7] &+ second)
        }
        var work = state
        for index in 0..<64 {
            let (a, b, c, e) = (work[0], work[1], work[2], work[4])
            let sum = rotated(e, 6) ^ rotated(e, 11) ^ rotated(e, 25)
            let choice = e & work[5] ^ ~e & work[6]
            let first = work[7] &+ sum &+ choice &+ constants[index] &+ words[index]
            let other = rotated(a, 2) ^ rotated(a, 13) ^ rotated(a, 22)
            let majority = a & b ^ a & c ^ b & c
            work = [first &+ other &+ majority, a, b, c, work[3] &+ first, e, work[5], work[6]]
        }
        for index in state.indices { state[index] &+= work[index] }
    }

    private static func rotated(_ word: UInt32, _ count: UInt32) -> UInt32 {
        word >> count | word << (32 - count)
    }

    /// The first 32 bits of the fractional part.
    private static func fraction(_ number: Double) -> UInt32 {
        UInt32((number - number.rounded(.down)) * 4_294_967_296)
    }

    private static func primes(_ count: Int) -> [Int] {
        Array((2...311).filter { number in !(2..<number).contains { number % $0 == 0 } }.prefix(count))
    }
}
