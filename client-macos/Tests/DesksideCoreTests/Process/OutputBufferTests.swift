import Testing

@testable import DesksideCore

struct OutputBufferTests {
    private func text(_ limit: OutputLimit, _ chunks: [String]) -> (text: String, isCut: Bool) {
        var buffer = OutputBuffer(limit)
        for chunk in chunks { Array(chunk.utf8).withUnsafeBytes { buffer.append($0) } }
        return (buffer.text(), buffer.isCut)
    }

    @Test(arguments: [
        (OutputLimit.first(4), ["ab", "cd"], "abcd", false),
        (.first(4), ["abcdef"], "abcd", true),
        (.first(4), ["abc", "ü"], "abc", true),
        (.first(3), ["a🙂b"], "a", true),
        (.first(5), ["a🙂b"], "a🙂", true),
        (.first(0), ["a"], "", true),
        (.first(7), ["one\ntwo\nthree"], "one\n", true),
        (.last(4), ["ab", "cd"], "abcd", false),
        (.last(7), ["one\ntwo\nthree"], "three", true),
        (.last(4), ["two\nsix\n"], "six\n", true),
        (.last(4), ["abcdef"], "cdef", true),
        (.last(4), ["abcdefghijkl", "m"], "jklm", true),
        (.last(2), ["🙂b"], "b", true),
        (.last(5), ["a🙂b"], "🙂b", true),
    ])
    func limits(limit: OutputLimit, chunks: [String], kept: String, isCut: Bool) {
        #expect(text(limit, chunks) == (kept, isCut))
    }

    @Test func anOutputThatFitsExactlyIsNotFull() {
        var buffer = OutputBuffer(.first(2))
        [UInt8(65), 66].withUnsafeBytes { buffer.append($0) }
        #expect(!buffer.isFull)
        [UInt8(67)].withUnsafeBytes { buffer.append($0) }
        #expect(buffer.isFull)
    }
}
