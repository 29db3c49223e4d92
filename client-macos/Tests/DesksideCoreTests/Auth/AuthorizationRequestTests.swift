import Foundation
import Testing

@testable import DesksideCore

@Suite struct AuthorizationRequestTests {
    private static func request(loginHint: String? = nil) throws -> AuthorizationRequest {
        let pkce = PKCE(verifier: Secret("verifier")) { _ in Data([1, 2, 3]) }
        return try #require(
            AuthorizationRequest(configuration: .example(), pkce: pkce, state: "a+b/c", loginHint: loginHint))
    }

    @Test func asksForACodeWithItsProof() throws {
        let url = try Self.request(loginHint: "alex+test@example.com").url
        let items = try #require(URLComponents(url: url, resolvingAgainstBaseURL: false)?.queryItems)
        #expect(
            Dictionary(uniqueKeysWithValues: items.map { ($0.name, $0.value) }) == [
                "response_type": "code", "client_id": "1example23456789", "redirect_uri": "deskside://signed-in",
                "scope": "openid", "state": "a+b/c", "code_challenge": "AQID", "code_challenge_method": "S256",
                "login_hint": "alex+test@example.com",
            ])
        #expect(url.query()?.contains("+") == false, "a server would read it as a space")
        #expect(!url.absoluteString.contains("verifier"))
    }

    @Test func takesTheCodeOfItsOwnAnswer() throws {
        let callback = try #require(URL(string: "deskside://signed-in?code=c0de&state=a%2Bb%2Fc&more=1"))
        #expect(try Self.request().code(from: callback) == Secret("c0de"))
    }

    @Test(
        arguments: [
            ("deskside://signed-in?code=c&state=other", SignInError.stateMismatch),
            ("deskside://signed-in?code=c", .stateMismatch),
            ("deskside://signed-in?error=access_denied", .stateMismatch),
            ("deskside://elsewhere?code=c&state=a%2Bb%2Fc", .stateMismatch),
            ("evil://signed-in?code=c&state=a%2Bb%2Fc", .stateMismatch),
            ("deskside://signed-in?state=a%2Bb%2Fc", .refused(code: "no code")),
            ("deskside://signed-in?state=a%2Bb%2Fc&code=", .refused(code: "no code")),
            ("deskside://signed-in?state=a%2Bb%2Fc&state=x&error=access_denied", .cancelled),
            ("deskside://signed-in?state=a%2Bb%2Fc&error=server_error", .refused(code: "server_error")),
            ("deskside://signed-in?state=a%2Bb%2Fc&error=%3Cb%3Ebad", .refused(code: "bbad")),
        ])
    func refuses(callback: String, error: SignInError) throws {
        let url = try #require(URL(string: callback))
        let request = try Self.request()
        #expect(throws: error) { try request.code(from: url) }
    }
}
