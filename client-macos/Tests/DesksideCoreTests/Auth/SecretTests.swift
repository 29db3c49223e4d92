import Foundation
import Testing

@testable import DesksideCore

@Suite struct SecretTests {
    @Test func showsItselfToNobodyByAccident() {
        let tokens = Tokens(access: Secret("hidden"), refresh: Secret("hidden"), usableUntil: .distantFuture)
        var dumped = ""
        dump(tokens, to: &dumped)
        for text in ["\(tokens)", String(reflecting: tokens), dumped, "\(Secret("hidden"))", "\([Secret("hidden")])"] {
            #expect(!text.contains("hidden"))
        }
    }

    @Test func isStoredAndReadBack() throws {
        let tokens = Tokens(access: Secret("a"), refresh: Secret("r"), usableUntil: Date(timeIntervalSince1970: 5))
        #expect(try JSONDecoder().decode(Tokens.self, from: JSONEncoder().encode(tokens)) == tokens)
    }
}
