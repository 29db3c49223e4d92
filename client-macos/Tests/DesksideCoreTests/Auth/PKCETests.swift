import Foundation
import Testing

@testable import DesksideCore

@Suite struct PKCETests {
    /// RFC 7636, appendix B.
    @Test func makesTheChallengeOfTheRFC() {
        let digest: [UInt8] = [
            19, 211, 30, 150, 26, 26, 216, 236, 47, 22, 177, 12, 76, 152, 46, 8, 118, 168, 120, 173, 109, 241, 68, 86,
            110, 225, 137, 74, 203, 112, 249, 195,
        ]
        let verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
        let pkce = PKCE(verifier: Secret(verifier)) { data in
            #expect(data == Data(verifier.utf8))
            return Data(digest)
        }
        #expect(pkce.challenge == "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM")
    }

    @Test func verifiersAreLongPlainAndDifferent() {
        let verifiers = Set((0..<100).map { _ in PKCE.randomVerifier().revealed })
        #expect(verifiers.count == 100)
        for verifier in verifiers {
            #expect(verifier.wholeMatch(of: /[A-Za-z0-9_\-]{43}/) != nil)
        }
    }
}
