import Foundation
import Testing

@testable import DesksideCore

@Suite struct ConfigurationTests {
    @Test func readsWhatTheDeploymentWrites() throws {
        let configuration = try Configuration.example()
        #expect(configuration.websocketURL.absoluteString == Configuration.exampleFile["websocket_url"])
        #expect(configuration.revokeURL?.path() == "/oauth2/revoke")
        #expect(configuration.callbackScheme == "deskside")
        #expect(configuration.scope == "openid")
    }

    @Test func aLocalSystemMayBePlain() throws {
        let configuration = try Configuration.example([
            "websocket_url": "ws://127.0.0.1:8700/local", "token_url": "http://localhost:8706/oauth2/token",
            "redirect_uri": "http://127.0.0.1/callback", "revoke_url": nil, "logout_url": nil, "scope": nil,
        ])
        #expect(configuration.revokeURL == nil)
    }

    @Test(
        arguments: [
            ("websocket_url", nil, "is missing"),
            ("client_id", nil, "is missing"),
            ("client_id", "", "is empty"),
            ("websocket_url", "", "must be a wss:// URL"),
            ("websocket_url", "wss://", "must be a wss:// URL"),
            ("websocket_url", "https://example.com", "must be a wss:// URL"),
            ("websocket_url", "ws://example.com", "must be a wss:// URL: ws:// is for this Mac only"),
            ("token_url", "http://example.com", "must be a https:// URL: http:// is for this Mac only"),
            ("token_url", "http://127.0.0.1.example.com", "must be a https:// URL: http:// is for this Mac only"),
            ("authorize_url", "javascript:alert(1)", "must be a https:// URL"),
            ("authorize_url", "file:///etc/passwd", "must be a https:// URL"),
            ("revoke_url", "http://example.com", "must be a https:// URL: http:// is for this Mac only"),
            ("redirect_uri", "not a url", "must be a URL of the app's own scheme"),
        ] as [(String, String?, String)])
    func refuses(setting: String, value: String?, reason: String) {
        let error = ConfigurationError.invalid(path: "/x/deskside.json", setting: setting, reason: reason)
        #expect(throws: error) { try Configuration.example([setting: value]) }
    }

    @Test(arguments: ["", "nonsense", "[]", "null", "\"text\""])
    func refusesWhatIsNoObject(text: String) {
        #expect(throws: ConfigurationError.notJSON(path: "p")) {
            try Configuration(json: Data(text.utf8), path: "p")
        }
    }

    @Test func refusesANumberWhereTextIsDue() throws {
        let error = ConfigurationError.invalid(path: "p", setting: "websocket_url", reason: "must be text")
        #expect(throws: error) { try Configuration(json: Data(#"{"websocket_url": 1}"#.utf8), path: "p") }
    }

    @Test func saysWhereItLooked() throws {
        let support = URL(filePath: "/nowhere/Application Support")
        let places = Configuration.places(applicationSupport: support, bundle: URL(filePath: "/nowhere/Resources"))
        #expect(
            places.map(\.path) == [
                "/nowhere/Application Support/Deskside/deskside.json", "/nowhere/Resources/deskside.json",
            ])
        let error = ConfigurationError.missing(paths: places.map(\.path))
        #expect(throws: error) { try Configuration.load(from: places) }
        #expect(error.recoverySuggestion?.contains("make client-config") == true)
        #expect(error.recoverySuggestion?.contains(places[0].path) == true)
    }

    @Test func takesTheFirstFileThereIs() throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "deskside-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let file = folder.appending(path: "deskside.json")
        try JSONEncoder().encode(Configuration.exampleFile).write(to: file)
        #expect(try Configuration.load(from: [folder.appending(path: "missing.json"), file]) == .example())
        do {
            _ = try Configuration.load(from: [folder])
            Issue.record("read a folder")
        } catch ConfigurationError.unreadable(let path, _) {
            #expect(path == folder.path)
        }
    }
}
