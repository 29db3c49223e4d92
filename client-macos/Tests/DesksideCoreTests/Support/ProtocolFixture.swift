import Foundation
import Testing

/// The golden messages that the services publish: one contract, both sides.
struct ProtocolFixture: Sendable, CustomTestStringConvertible {
    enum Side: String, Sendable {
        case client, server
    }

    let name: String
    let text: String
    var testDescription: String { name }

    init(_ side: Side, _ name: String) throws {
        self.name = name
        text = try String(contentsOf: Self.folder(side).appending(path: "\(name).json"), encoding: .utf8)
    }

    static func names(_ side: Side) throws -> Set<String> {
        let files = try FileManager.default.contentsOfDirectory(atPath: folder(side).path)
        return Set(files.filter { $0.hasSuffix(".json") }.map { String($0.dropLast(5)) })
    }

    static func schema() throws -> NSDictionary {
        let data = try Data(contentsOf: root.appending(path: "v1.schema.json"))
        return try #require(try JSONSerialization.jsonObject(with: data) as? NSDictionary)
    }

    private static func folder(_ side: Side) -> URL {
        root.appending(path: "fixtures/\(side.rawValue)")
    }

    /// Beside the package in the repository; a build that sees only the package is told where.
    private static var root: URL {
        if let told = ProcessInfo.processInfo.environment["DESKSIDE_PROTOCOL"] { return URL(filePath: told) }
        return URL(filePath: #filePath).appending(path: "../../../../../protocol").standardizedFileURL
    }
}
