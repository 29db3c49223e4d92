import Observation

/// Reads the VPN's state now and then, for this Mac's own menu bar: nothing of it is sent.
@MainActor @Observable
public final class VPNMonitor {
    static let budget = Duration.seconds(20)
    static let pause = Duration.seconds(30)

    public private(set) var reading = VPNReading.notRead
    @ObservationIgnored private let reader: StatusReader
    @ObservationIgnored private let time: TimeSource
    @ObservationIgnored private var isReading = false

    public init(reader: StatusReader, time: TimeSource = .continuous) {
        self.reader = reader
        self.time = time
    }

    /// Reads until it is cancelled.
    public func run() async {
        while !Task.isCancelled {
            await refresh()
            do { try await time.sleep(Self.pause) } catch { return }
        }
    }

    public func refresh() async {
        guard !isReading else { return }
        isReading = true
        defer { isReading = false }
        do {
            reading = .state(try await reader.status(within: Self.budget).state)
        } catch ProgramError.missing {
            reading = .notInstalled
        } catch {
            reading = .state(.unknown)
        }
    }
}
