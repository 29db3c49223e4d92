import DesksideCore
import DesksideMac
import SwiftUI

struct MenuBarMenu: View {
    let stage: Stage
    @Environment(\.openWindow) private var openWindow

    var body: some View {
        if let question = stage.menuBar.question {
            Button(question) { show(WindowID.chat) }
            Divider()
        }
        Text(stage.menuBar.vpn)
        if let connection = stage.menuBar.connection {
            Text(connection)
        }
        Divider()
        Button("Open Deskside") { show(WindowID.chat) }
        Button("What Was Run and Sent") { show(WindowID.history) }
        Divider()
        Button("Quit Deskside") { Foreground.quit() }
            .keyboardShortcut("q")
    }

    private func show(_ window: String) {
        openWindow(id: window)
        Foreground.activate()
    }
}
