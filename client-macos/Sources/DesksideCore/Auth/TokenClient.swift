import Foundation

#if canImport(FoundationNetworking)
    import FoundationNetworking
#endif

/// Speaks with the issuer's token endpoint.
public struct TokenClient: Sendable {
    private struct Granted: Decodable {
        let accessToken: String
        let refreshToken: String?
        let expiresIn: Double?

        enum CodingKeys: String, CodingKey {
            case accessToken = "access_token"
            case refreshToken = "refresh_token"
            case expiresIn = "expires_in"
        }
    }

    private struct Refused: Decodable {
        let error: String
    }

    private let configuration: Configuration
    private let http: HTTPClient
    private let now: @Sendable () -> Date

    public init(configuration: Configuration, http: HTTPClient, now: @escaping @Sendable () -> Date = { Date() }) {
        self.configuration = configuration
        self.http = http
        self.now = now
    }

    func exchange(code: Secret, of request: AuthorizationRequest) async throws -> Tokens {
        try await redeem(
            [
                "grant_type": "authorization_code",
                "code": code.revealed,
                "redirect_uri": request.redirectURI,
                "code_verifier": request.verifier.revealed,
            ], keeping: nil)
    }

    func refresh(_ refresh: Secret) async throws -> Tokens {
        try await redeem(["grant_type": "refresh_token", "refresh_token": refresh.revealed], keeping: refresh)
    }

    /// Makes a refresh token, and what was issued for it, worthless. Does nothing where the issuer offers no way.
    func revoke(_ refresh: Secret) async throws {
        guard let url = configuration.revokeURL else { return }
        let (_, status) = try await post(["token": refresh.revealed], to: url)
        guard status == 200 else { throw SignInError.unavailable(reason: "the issuer answered \(status)") }
    }

    private func redeem(_ form: [String: String], keeping old: Secret?) async throws -> Tokens {
        let askedAt = now()
        let (body, status) = try await post(form, to: configuration.tokenURL)
        guard status == 200 else {
            if status == 429 || status >= 500 || status == 0 {
                throw SignInError.unavailable(reason: "the issuer answered \(status)")
            }
            let code = (try? JSONDecoder().decode(Refused.self, from: body))?.error ?? "\(status)"
            throw SignInError.refused(code: Int(code) == nil ? AuthorizationRequest.shown(code) : code)
        }
        // Not the decoder's error: it could quote what it read.
        guard let granted = try? JSONDecoder().decode(Granted.self, from: body), !granted.accessToken.isEmpty else {
            throw SignInError.unavailable(reason: "the issuer sent something else than tokens")
        }
        return Tokens(
            access: Secret(granted.accessToken),
            // Without rotation the issuer sends none back: the old one stays good.
            refresh: granted.refreshToken.map(Secret.init) ?? old,
            issuedAt: askedAt,
            expiresIn: min(max(granted.expiresIn ?? 3600, 0), 86_400))
    }

    private func post(_ form: [String: String], to url: URL) async throws -> (body: Data, status: Int) {
        var request = URLRequest(url: url, timeoutInterval: 15)
        request.httpMethod = "POST"
        request.setValue("application/x-www-form-urlencoded", forHTTPHeaderField: "Content-Type")
        request.setValue("application/json", forHTTPHeaderField: "Accept")
        let fields = form.merging(["client_id": configuration.clientID]) { given, _ in given }
        request.httpBody = Data(FormEncoding.encode(fields).utf8)
        do {
            return try await http.send(request)
        } catch is CancellationError {
            throw CancellationError()
        } catch {
            let reason = (error as? URLError).map { "URL error \($0.code.rawValue)" } ?? "\(type(of: error))"
            throw SignInError.unavailable(reason: reason)
        }
    }
}
