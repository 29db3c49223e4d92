@testable import DesksideCore

/// A token source that remembers what was asked of it. Every token is another.
actor FakeTokens: TokenSource {
    private(set) var asked: [Bool] = []
    private var faults: [SignInError]

    init(failing faults: [SignInError] = []) {
        self.faults = faults
    }

    func accessToken(fresh: Bool) throws -> Secret {
        asked.append(fresh)
        if !faults.isEmpty { throw faults.removeFirst() }
        return Secret("token-\(asked.count)")
    }
}
