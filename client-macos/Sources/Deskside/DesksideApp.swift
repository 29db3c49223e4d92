import DesksideCore
import DesksideMac
import SwiftUI

@main struct DesksideApp: App {
    private let stage: Stage

    /// The one place where everything is put together.
    init() {
        let stage = Stage(places: Configuration.placesOnThisMac, client: .thisApp, adapters: MacAdapters.live)
        self.stage = stage
        Task { await stage.run() }
    }

    var body: some Scene {
        Window("Deskside", id: WindowID.chat) {
            ChatWindow(stage: stage)
        }
        .defaultSize(width: 560, height: 720)
        .commands { ChatCommands(client: stage.client) }

        Window("What Was Run and Sent", id: WindowID.history) {
            HistoryWindow(stage: stage)
        }
        .defaultSize(width: 620, height: 480)
        .keyboardShortcut("y", modifiers: .command)

        MenuBarExtra {
            MenuBarMenu(stage: stage)
        } label: {
            MenuBarLabel(stage: stage)
        }
    }
}
