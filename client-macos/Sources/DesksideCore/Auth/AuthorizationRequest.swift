import Foundation

/// One authorization code flow: the page to show, and the answer that belongs to it.
public struct AuthorizationRequest: Sendable {
    public let url: URL
    public let redirectURI: String
    let verifier: Secret
    private let state: String

    /// Nil when the configured address is no URL.
    init?(configuration: Configuration, pkce: PKCE, state: String, loginHint: String?) {
        guard var components = URLComponents(url: configuration.authorizeURL, resolvingAgainstBaseURL: false) else {
            return nil
        }
        let items = [
            "response_type": "code",
            "client_id": configuration.clientID,
            "redirect_uri": configuration.redirectURI,
            "scope": configuration.scope,
            "state": state,
            "code_challenge": pkce.challenge,
            "code_challenge_method": "S256",
            "login_hint": loginHint,
        ]
        // As in a form: URLComponents leaves a `+` as it is, which servers read as a space.
        components.percentEncodedQuery = FormEncoding.encode(items.compactMapValues { $0 })
        guard let url = components.url else { return nil }
        self.url = url
        self.state = state
        redirectURI = configuration.redirectURI
        verifier = pkce.verifier
    }

    /// The code in the URL the issuer redirected to.
    func code(from callback: URL) throws -> Secret {
        guard let components = URLComponents(url: callback, resolvingAgainstBaseURL: false) else {
            throw SignInError.stateMismatch
        }
        var place = components
        (place.query, place.fragment) = (nil, nil)
        guard place.string == redirectURI else { throw SignInError.stateMismatch }
        var values: [String: String] = [:]
        for item in components.queryItems ?? [] where values[item.name] == nil { values[item.name] = item.value }
        // Whatever else it says, it has to be the answer to this request.
        guard values["state"] == state else { throw SignInError.stateMismatch }
        if let error = values["error"] {
            throw error == "access_denied" ? SignInError.cancelled : .refused(code: Self.shown(error))
        }
        guard let code = values["code"], !code.isEmpty else { throw SignInError.refused(code: "no code") }
        return Secret(code)
    }

    static func shown(_ code: String) -> String {
        let plain = code.unicodeScalars.prefix(40).filter { $0.isASCII && ($0.properties.isAlphabetic || $0 == "_") }
        return String(String.UnicodeScalarView(plain))
    }
}
