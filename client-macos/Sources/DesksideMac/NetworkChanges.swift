import AppKit
import Network

/// When the network may be another: its path changed, or the Mac woke up.
enum NetworkChanges {
    @Sendable static func stream() -> AsyncStream<Void> {
        let (changes, continuation) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
        let monitor = NWPathMonitor()
        monitor.pathUpdateHandler = { path in
            if path.status == .satisfied { continuation.yield() }
        }
        monitor.start(queue: DispatchQueue(label: "deskside.network"))
        let waking = Task {
            let wakes = NSWorkspace.shared.notificationCenter.notifications(named: NSWorkspace.didWakeNotification)
            for await _ in wakes.map({ _ in () }) { continuation.yield() }
        }
        continuation.onTermination = { _ in
            monitor.cancel()
            waking.cancel()
        }
        return changes
    }
}
