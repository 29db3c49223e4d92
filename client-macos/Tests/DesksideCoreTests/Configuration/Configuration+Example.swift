import Foundation

@testable import DesksideCore

extension Configuration {
    static let exampleFile = [
        "websocket_url": "wss://abc.execute-api.eu-west-1.amazonaws.com/prod",
        "authorize_url": "https://deskside.auth.eu-west-1.amazoncognito.com/oauth2/authorize",
        "token_url": "https://deskside.auth.eu-west-1.amazoncognito.com/oauth2/token",
        "revoke_url": "https://deskside.auth.eu-west-1.amazoncognito.com/oauth2/revoke",
        "logout_url": "https://deskside.auth.eu-west-1.amazoncognito.com/logout",
        "client_id": "1example23456789",
        "redirect_uri": "deskside://signed-in",
        "scope": "openid",
    ]

    static func example(_ changes: [String: String?] = [:]) throws -> Configuration {
        var file: [String: String?] = exampleFile
        for (name, value) in changes { file.updateValue(value, forKey: name) }
        return try Configuration(json: JSONEncoder().encode(file.compactMapValues { $0 }), path: "/x/deskside.json")
    }
}
