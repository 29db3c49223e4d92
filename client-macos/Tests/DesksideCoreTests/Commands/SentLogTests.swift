import Foundation
import Testing

@testable import DesksideCore

@MainActor
struct SentLogTests {
    private let log = SentLog(now: { Date(timeIntervalSince1970: 0) })

    @Test func whatRepeatsIsCounted() {
        for _ in 0..<5 { log.record(.ran(Invocation("/sbin/ifconfig"), .exited(0))) }
        log.record(.sent(content: "x"))
        log.record(.ran(Invocation("/sbin/ifconfig"), .exited(0)))
        #expect(log.entries.map(\.count) == [5, 1, 1])
        #expect(log.entries.map(\.id) == [1, 2, 3])
    }

    @Test func aFloodOfRefusalsPushesNothingOut() {
        log.record(.sent(content: "kept"))
        for number in 0..<10_000 { log.record(.refused(.failed, message: "reason \(number % 5)")) }
        #expect(log.entries.count == 6)
        #expect(log.entries.first?.event == .sent(content: "kept"))
        #expect(log.entries.map(\.count) == [1, 2000, 2000, 2000, 2000, 2000])
    }

    @Test func itIsBounded() {
        for number in 0..<3000 { log.record(.sent(content: "\(number)")) }
        #expect(log.entries.count == SentLog.capacity)
        #expect(log.entries.last?.event == .sent(content: "2999"))
    }
}
