import Foundation

/// The person who is signed in on this Mac.
public actor Account: TokenSource {
    private let configuration: Configuration
    private let client: TokenClient
    private let store: any TokenStore
    private let web: WebSignIn
    private let sha256: @Sendable (Data) -> Data
    private let now: @Sendable () -> Date
    private var renewal: Task<Tokens, any Error>?
    /// Counts sign-ins and sign-outs: what began before must not overwrite what came after.
    private var epoch = 0
    private var renewals = 0

    public init(
        configuration: Configuration,
        client: TokenClient,
        store: any TokenStore,
        web: WebSignIn,
        sha256: @escaping @Sendable (Data) -> Data,
        now: @escaping @Sendable () -> Date = { Date() }
    ) {
        self.configuration = configuration
        self.client = client
        self.store = store
        self.web = web
        self.sha256 = sha256
        self.now = now
    }

    /// The token at hand, else a refreshed one. Without either the person has to sign in.
    public func accessToken(fresh: Bool) async throws -> Secret {
        if let renewal { return try await renewal.value.access }
        let before = renewals
        guard let tokens = try await stored() else { throw SignInError.required }
        // What was read may have been replaced meanwhile, and its refresh token used up.
        guard before == renewals else { return try await accessToken(fresh: false) }
        if !fresh, now() < tokens.usableUntil { return tokens.access }
        guard let refresh = tokens.refresh else { throw SignInError.required }
        // Somebody else may have begun while this one was reading.
        if let renewal { return try await renewal.value.access }
        let task = Task { [epoch] in try await renew(refresh, in: epoch) }
        renewal = task
        let result = await task.result
        if renewal == task { renewal = nil }
        return try result.get().access
    }

    /// The authorization code flow with PKCE, on the issuer's own page.
    public func signIn(loginHint: String? = nil) async throws {
        let began = epoch
        let pkce = PKCE(verifier: PKCE.randomVerifier(), sha256: sha256)
        let state = Data.random(24).base64URL
        guard
            let request = AuthorizationRequest(
                configuration: configuration, pkce: pkce, state: state, loginHint: loginHint)
        else { throw SignInError.refused(code: "configuration") }
        let callback = try await web.authorize(request.url, request.redirectURI)
        let tokens = try await client.exchange(code: try request.code(from: callback), of: request)
        guard began == epoch else { throw SignInError.cancelled }
        await beginEpoch()
        try await keep(tokens)
    }

    /// Forgets the tokens here, then has the issuer revoke them. Throws when the issuer could not be told.
    public func signOut() async throws {
        await beginEpoch()
        let tokens = try await stored()
        try await forget()
        if let refresh = tokens?.refresh { try await client.revoke(refresh) }
    }

    /// Whether somebody signed in before, so that the app can connect without asking.
    public func isSignedIn() async throws -> Bool {
        try await stored() != nil
    }

    /// Saved before it is over: who comes next must not use a refresh token that was used up.
    private func renew(_ refresh: Secret, in began: Int) async throws -> Tokens {
        do {
            let renewed = try await client.refresh(refresh)
            guard began == epoch else { throw SignInError.required }
            try await keep(renewed)
            renewals += 1
            return renewed
        } catch SignInError.refused {
            // The refresh token has expired or was revoked.
            if began == epoch { try await forget() }
            throw SignInError.required
        }
    }

    private func beginEpoch() async {
        epoch += 1
        renewal?.cancel()
        _ = await renewal?.result
        renewal = nil
    }

    private func stored() async throws -> Tokens? {
        do { return try await store.load() } catch { throw SignInError.storage(reason: error.localizedDescription) }
    }

    private func keep(_ tokens: Tokens) async throws {
        do { try await store.save(tokens) } catch { throw SignInError.storage(reason: error.localizedDescription) }
    }

    private func forget() async throws {
        do { try await store.clear() } catch { throw SignInError.storage(reason: error.localizedDescription) }
    }
}
