/// The file as it is written (deployment/client_config.py).
struct ConfigurationFile: Decodable {
    let websocketURL: String
    let authorizeURL: String
    let tokenURL: String
    let revokeURL: String?
    let logoutURL: String?
    let clientID: String
    let redirectURI: String
    let scope: String?

    enum CodingKeys: String, CodingKey {
        case scope
        case websocketURL = "websocket_url"
        case authorizeURL = "authorize_url"
        case tokenURL = "token_url"
        case revokeURL = "revoke_url"
        case logoutURL = "logout_url"
        case clientID = "client_id"
        case redirectURI = "redirect_uri"
    }
}
