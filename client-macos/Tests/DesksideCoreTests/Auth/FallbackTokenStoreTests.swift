import Foundation
import Testing

@testable import DesksideCore

struct FallbackTokenStoreTests {
    private struct Barred: Error {}
    private struct Locked: Error {}

    private struct Failing: TokenStore {
        let error: any Error
        func load() async throws -> Tokens? { throw error }
        func save(_ tokens: Tokens) async throws { throw error }
        func clear() async throws { throw error }
    }

    private let tokens = Tokens(access: Secret("a"), refresh: nil, usableUntil: .distantFuture)

    private func store(_ preferred: any TokenStore, _ other: any TokenStore) -> FallbackTokenStore {
        FallbackTokenStore(preferred: preferred, other: other) { $0 is Barred }
    }

    @Test func keepsThemInOnePlace() async throws {
        let (preferred, other) = (InMemoryTokenStore(), InMemoryTokenStore(tokens))
        let store = store(preferred, other)
        #expect(try await store.load() == tokens, "of a build that could not use the preferred one")
        try await store.save(tokens)
        #expect(await preferred.load() == tokens)
        #expect(await other.load() == nil)
        try await store.clear()
        #expect(try await store.load() == nil)
    }

    @Test func takesTheOtherWhereThePreferredIsBarred() async throws {
        let other = InMemoryTokenStore()
        let store = store(Failing(error: Barred()), other)
        #expect(try await store.load() == nil)
        try await store.save(tokens)
        #expect(await other.load() == tokens)
        try await store.clear()
        #expect(await other.load() == nil)
    }

    @Test func anyOtherTroubleIsTold() async {
        let other = InMemoryTokenStore(tokens)
        let store = store(Failing(error: Locked()), other)
        await #expect(throws: Locked.self) { try await store.load() }
        await #expect(throws: Locked.self) { try await store.save(tokens) }
        await #expect(throws: Locked.self) { try await store.clear() }
        #expect(await other.load() == tokens)
    }
}
