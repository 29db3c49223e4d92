import Foundation

/// Whether the app can work.
@MainActor public enum Stage {
    case running(MacClient)
    case unconfigured(SetupProblem)

    public init(places: [URL], client: ClientInfo, adapters: (Configuration) -> MacAdapters) {
        do {
            let configuration = try Configuration.load(from: places)
            self = .running(
                MacClient(configuration: configuration, adapters: adapters(configuration), client: client))
        } catch {
            self = .unconfigured(SetupProblem(error))
        }
    }

    public var client: MacClient? {
        if case .running(let client) = self { client } else { nil }
    }

    /// Runs for as long as the app does.
    public func run() async {
        await client?.run()
    }
}

extension Stage {
    public var menuBar: MenuBarState {
        switch self {
        case .running(let client): client.menuBar
        case .unconfigured(let problem): MenuBarState(problem)
        }
    }

    /// Changes when there is a question to the person.
    public var rings: Int { client?.doorbell.rings ?? 0 }
}
