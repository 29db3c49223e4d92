import Foundation
import Synchronization
import Testing

@testable import DesksideCore

@Suite(.timeLimit(.minutes(1))) struct AccountTests {
    private static let noon = Date(timeIntervalSince1970: 1_800_000_000)

    private final class Stage: Sendable {
        let issuer: FakeIssuer
        let store: InMemoryTokenStore
        let clock = Clock()
        let account: Account

        /// The page sends everybody back with a code.
        init(_ tokens: Tokens? = nil, issuer: FakeIssuer = FakeIssuer(), page: SignInError? = nil) throws {
            self.issuer = issuer
            store = InMemoryTokenStore(tokens)
            let configuration = try Configuration.example()
            let clock = clock
            account = Account(
                configuration: configuration,
                client: TokenClient(configuration: configuration, http: issuer.http, now: { clock.now }),
                store: store,
                web: WebSignIn { url, redirectURI in
                    if let page { throw page }
                    let items = URLComponents(url: url, resolvingAgainstBaseURL: false)?.queryItems ?? []
                    let state = items.first { $0.name == "state" }?.value ?? ""
                    return try #require(URL(string: "\(redirectURI)?code=c0de&state=\(state)"))
                },
                sha256: { $0 },
                now: { clock.now })
        }
    }

    private final class Clock: Sendable {
        private let time = Mutex(AccountTests.noon)
        var now: Date { time.withLock { $0 } }
        func advance(_ seconds: TimeInterval) { time.withLock { $0 += seconds } }
    }

    private static func tokens(refresh: String? = "old") -> Tokens {
        Tokens(access: Secret("at hand"), refresh: refresh.map(Secret.init), issuedAt: noon, expiresIn: 3600)
    }

    @Test func signsInWithACodeAndItsVerifier() async throws {
        let stage = try Stage()
        #expect(try await !stage.account.isSignedIn())
        try await stage.account.signIn()
        let form = try #require(stage.issuer.calls.first).form
        #expect(form["grant_type"] == "authorization_code")
        #expect(form["code"] == "c0de")
        #expect(form["redirect_uri"] == "deskside://signed-in")
        #expect(form["client_id"] == "1example23456789")
        #expect(form["code_verifier"]?.count == 43)
        #expect(try await stage.account.accessToken(fresh: false) == Secret("access-1"))
        #expect(await stage.store.load()?.refresh == Secret("refresh-1"))
        #expect(stage.issuer.calls.count == 1)
    }

    @Test func usesTheTokenAtHandUntilShortlyBeforeItExpires() async throws {
        let stage = try Stage(Self.tokens())
        stage.clock.advance(3539)
        #expect(try await stage.account.accessToken(fresh: false) == Secret("at hand"))
        stage.clock.advance(2)
        #expect(try await stage.account.accessToken(fresh: false) == Secret("access-1"))
        #expect(stage.issuer.calls[0].form["refresh_token"] == "old")
    }

    @Test func aFreshTokenIsANewOne() async throws {
        let stage = try Stage(Self.tokens())
        #expect(try await stage.account.accessToken(fresh: true) == Secret("access-1"))
        #expect(await stage.store.load()?.access == Secret("access-1"))
    }

    @Test func withoutRotationTheRefreshTokenStays() async throws {
        let stage = try Stage(Self.tokens())
        stage.issuer.answer((200, #"{"access_token": "new", "expires_in": 60, "token_type": "Bearer"}"#))
        #expect(try await stage.account.accessToken(fresh: true) == Secret("new"))
        #expect(await stage.store.load()?.refresh == Secret("old"))
        #expect(await stage.store.load()?.usableUntil == Self.noon.addingTimeInterval(48))
    }

    @Test func asksForASignInWhereNothingElseHelps() async throws {
        await #expect(throws: SignInError.required) { try await Stage().account.accessToken(fresh: false) }
        let without = Self.tokens(refresh: nil)
        await #expect(throws: SignInError.required) { try await Stage(without).account.accessToken(fresh: true) }
    }

    @Test func aRefusedRefreshTokenIsForgotten() async throws {
        let stage = try Stage(Self.tokens())
        stage.issuer.answer((400, #"{"error": "invalid_grant"}"#))
        await #expect(throws: SignInError.required) { try await stage.account.accessToken(fresh: true) }
        #expect(await stage.store.load() == nil)
    }

    @Test(arguments: [nil, 429, 500, 503, 200] as [Int?])
    func anIssuerThatIsAwayCostsNoSignIn(status: Int?) async throws {
        let stage = try Stage(Self.tokens())
        stage.issuer.answer(status.map { ($0, "<html>") })
        do {
            _ = try await stage.account.accessToken(fresh: true)
            Issue.record("signed in")
        } catch SignInError.unavailable(let reason) {
            #expect(!reason.contains("html"))
        }
        #expect(await stage.store.load() == Self.tokens())
    }

    @Test func manyWhoAskAtOnceShareOneRefresh() async throws {
        let (gate, open) = AsyncStream<Void>.makeStream()
        let stage = try Stage(
            Self.tokens(),
            issuer: FakeIssuer {
                for await _ in gate { break }
            })
        let tokens = try await withThrowingTaskGroup(of: Secret.self) { group in
            for _ in 0..<10 { group.addTask { try await stage.account.accessToken(fresh: true) } }
            await until { stage.issuer.calls.count == 1 }
            for _ in 0..<100 { await Task.yield() }
            open.finish()
            return try await group.reduce(into: Set<Secret>()) { $0.insert($1) }
        }
        // Who came after it was done asked for one of their own; nobody's refresh token was used twice.
        #expect(tokens.contains(Secret("access-1")))
        let used = stage.issuer.calls.compactMap { $0.form["refresh_token"] }
        #expect(Set(used).count == used.count)
    }

    @Test func signingOutRevokes() async throws {
        let stage = try Stage(Self.tokens())
        stage.issuer.answer((200, ""))
        try await stage.account.signOut()
        #expect(
            stage.issuer.calls == [
                FakeIssuer.Call(path: "/oauth2/revoke", form: ["token": "old", "client_id": "1example23456789"])
            ])
        await #expect(throws: SignInError.required) { try await stage.account.accessToken(fresh: false) }
    }

    @Test func signingOutOfflineForgetsAllTheSameAndSaysSo() async throws {
        let stage = try Stage(Self.tokens())
        stage.issuer.answer(nil)
        await #expect(throws: SignInError.self) { try await stage.account.signOut() }
        #expect(await stage.store.load() == nil)
    }

    @Test func aRefreshUnderWayDoesNotUndoASignOut() async throws {
        let (gate, open) = AsyncStream<Void>.makeStream()
        let stage = try Stage(
            Self.tokens(refresh: "old"),
            issuer: FakeIssuer {
                for await _ in gate { break }
            })
        let token = Task { try await stage.account.accessToken(fresh: true) }
        await until { stage.issuer.calls.count == 1 }
        let left = Task { try await stage.account.signOut() }
        await until { stage.issuer.calls.count == 2 }
        open.finish()
        try await left.value
        await #expect(throws: SignInError.required) { try await token.value }
        #expect(await stage.store.load() == nil)
    }

    @Test(arguments: [SignInError.cancelled, .unavailable(reason: "x")])
    func aPageThatFailsLeavesThingsAsTheyWere(error: SignInError) async throws {
        let stage = try Stage(Self.tokens(), page: error)
        await #expect(throws: error) { try await stage.account.signIn() }
        #expect(try await stage.account.accessToken(fresh: false) == Secret("at hand"))
    }
}
