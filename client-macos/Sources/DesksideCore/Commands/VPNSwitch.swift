import Foundation

/// Connects and disconnects the VPN. What `vpn state` says afterwards decides whether it worked.
public struct VPNSwitch: Sendable {
    static let readBudget = Duration.seconds(15)
    static let pressBudget = Duration.seconds(20)
    static let pollPause = Duration.seconds(2)
    /// Long enough for a password and a second factor.
    static let connectPatience = Duration.seconds(180)
    static let disconnectPatience = Duration.seconds(30)

    private let toolbox: Toolbox
    private let reader: StatusReader
    private let window: VPNWindow
    private let time: TimeSource

    public init(toolbox: Toolbox, reader: StatusReader, window: VPNWindow, time: TimeSource) {
        self.toolbox = toolbox
        self.reader = reader
        self.window = window
        self.time = time
    }

    /// Returns what to tell the person in the end; `announce` is for what they need to know before. Throws only when
    /// it is cancelled.
    func run(
        _ command: VPNCommand, announce: @Sendable (Announcement) async -> Void
    ) async throws(CancellationError) -> Announcement {
        do {
            switch command {
            case .connect: return try await connect(announce)
            case .disconnect: return try await disconnect()
            }
        } catch let error as CancellationError {
            throw error
        } catch ProgramError.missing, VPNWindowError.notInstalled {
            return .notInstalled
        } catch {
            return .failed(reason: error.localizedDescription)
        }
    }

    private func connect(_ announce: @Sendable (Announcement) async -> Void) async throws -> Announcement {
        if try await reader.status(within: Self.readBudget).state == .connected { return .connected }
        _ = try await time.limit(Self.pressBudget, window.open)
        switch try await time.limit(Self.pressBudget, window.pressConnect) {
        case .pressed, .alreadyConnected: break
        case .notPermitted: await announce(.pressConnect(mayAllow: true))
        case .notFound, nil: await announce(.pressConnect(mayAllow: false))
        }
        return try await outcome(wanted: .connected, within: Self.connectPatience)
    }

    private func disconnect() async throws -> Announcement {
        _ = try await toolbox.run(.vpnDisconnect)
        return try await outcome(wanted: .disconnected, within: Self.disconnectPatience)
    }

    private func outcome(wanted: VPNState, within patience: Duration) async throws -> Announcement {
        let deadline = time.now() + patience
        var wasUnderWay = false
        while true {
            let status = try await reader.status(within: Self.readBudget)
            if status.state == wanted { return wanted == .connected ? .connected : .disconnected }
            // It was trying, and gave up.
            let gaveUp = wasUnderWay && status.state == .disconnected
            if gaveUp || time.now() >= deadline { return .notChanged(status.state, remark: status.remarks.last) }
            wasUnderWay = wasUnderWay || status.state == .connecting
            try await time.sleep(Self.pollPause)
        }
    }
}
