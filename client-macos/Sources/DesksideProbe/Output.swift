import Foundation

/// Lines to the test, each whole.
actor Output {
    private let file = FileHandle.standardOutput
    private let encoder = JSONEncoder()

    /// Where nothing can be done about a test that has gone away.
    func report(_ line: some Encodable & Sendable) {
        do { try write(line) } catch { exit(1) }
    }

    func write(_ line: some Encodable & Sendable) throws {
        try file.write(contentsOf: try encoder.encode(line) + [UInt8(ascii: "\n")])
    }
}
