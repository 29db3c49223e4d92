import Foundation

/// The public addresses of one system, as `make client-config` writes them. Holds no secret.
public struct Configuration: Sendable, Equatable {
    public let websocketURL: URL
    public let authorizeURL: URL
    public let tokenURL: URL
    /// Where a refresh token is revoked; a local system has no such place.
    public let revokeURL: URL?
    public let logoutURL: URL?
    public let clientID: String
    public let redirectURI: String
    public let scope: String

    /// The scheme the sign-in page redirects to, without its colon.
    public var callbackScheme: String { String(redirectURI.prefix { $0 != ":" }) }
}

extension Configuration {
    /// Where the file is looked for, in this order.
    public static func places(applicationSupport: URL, bundle: URL?) -> [URL] {
        let own = applicationSupport.appending(path: "Deskside/deskside.json")
        return [own] + (bundle.map { [$0.appending(path: "deskside.json")] } ?? [])
    }

    /// The first file there is.
    public static func load(from places: [URL]) throws -> Configuration {
        for place in places {
            let data: Data
            do {
                data = try Data(contentsOf: place)
            } catch CocoaError.fileReadNoSuchFile, CocoaError.fileNoSuchFile {
                continue
            } catch {
                throw ConfigurationError.unreadable(path: place.path, reason: error.localizedDescription)
            }
            return try Configuration(json: data, path: place.path)
        }
        throw ConfigurationError.missing(paths: places.map(\.path))
    }

    public init(json: Data, path: String) throws {
        let file: ConfigurationFile
        do {
            file = try JSONDecoder().decode(ConfigurationFile.self, from: json)
        } catch DecodingError.keyNotFound(let key, _) {
            throw ConfigurationError.invalid(path: path, setting: key.stringValue, reason: "is missing")
        } catch DecodingError.typeMismatch(_, let context), DecodingError.valueNotFound(_, let context) {
            guard let setting = context.codingPath.last?.stringValue else {
                throw ConfigurationError.notJSON(path: path)
            }
            throw ConfigurationError.invalid(path: path, setting: setting, reason: "must be text")
        } catch {
            throw ConfigurationError.notJSON(path: path)
        }
        func invalid(_ setting: String, _ reason: String) -> ConfigurationError {
            .invalid(path: path, setting: setting, reason: reason)
        }
        /// A token may leave this Mac only encrypted.
        func address(_ text: String, _ setting: String, _ secure: String, _ plain: String) throws -> URL {
            guard let url = URL(string: text), let host = url.host(), !host.isEmpty,
                url.scheme == secure || url.scheme == plain
            else { throw invalid(setting, "must be a \(secure):// URL") }
            guard url.scheme == secure || ["127.0.0.1", "localhost", "::1"].contains(host) else {
                throw invalid(setting, "must be a \(secure):// URL: \(plain):// is for this Mac only")
            }
            return url
        }
        websocketURL = try address(file.websocketURL, "websocket_url", "wss", "ws")
        authorizeURL = try address(file.authorizeURL, "authorize_url", "https", "http")
        tokenURL = try address(file.tokenURL, "token_url", "https", "http")
        revokeURL = try file.revokeURL.map { try address($0, "revoke_url", "https", "http") }
        logoutURL = try file.logoutURL.map { try address($0, "logout_url", "https", "http") }
        guard !file.clientID.isEmpty else { throw invalid("client_id", "is empty") }
        guard file.redirectURI.wholeMatch(of: /[a-z][a-z0-9+.\-]*:\/.*/) != nil else {
            throw invalid("redirect_uri", "must be a URL of the app's own scheme")
        }
        clientID = file.clientID
        redirectURI = file.redirectURI
        scope = file.scope ?? "openid"
    }
}
