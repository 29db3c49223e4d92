import Foundation
import Observation

/// The local list of everything that was run and sent, the newest last. It never leaves the Mac.
@MainActor @Observable
public final class SentLog {
    static let capacity = 1000
    /// How far back an equal refusal is looked for: a flood of them has to push nothing else out.
    static let memory = 32

    public private(set) var entries: [SentLogEntry] = []
    @ObservationIgnored private var next = 0
    @ObservationIgnored private let now: @Sendable () -> Date

    public init(now: @escaping @Sendable () -> Date = { Date() }) {
        self.now = now
    }

    public func record(_ event: SentLogEntry.Event) {
        let isRefusal = if case .refused = event { true } else { false }
        let recent = entries.suffix(isRefusal ? Self.memory : 1)
        if let index = recent.lastIndex(where: { $0.event == event }) {
            entries[index].count += 1
            entries[index].at = now()
            return
        }
        next += 1
        entries.append(SentLogEntry(id: next, event: event, at: now()))
        if entries.count > Self.capacity { entries.removeFirst(entries.count - Self.capacity) }
    }
}
