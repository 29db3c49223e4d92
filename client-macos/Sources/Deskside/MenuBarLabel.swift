import DesksideCore
import DesksideMac
import SwiftUI

/// The item in the menu bar. It is always there, and so it is what opens the window when a question comes.
struct MenuBarLabel: View {
    let stage: Stage
    @Environment(\.openWindow) private var openWindow

    var body: some View {
        Image(systemName: stage.menuBar.symbol)
            .accessibilityLabel(stage.menuBar.spoken)
            .onChange(of: stage.rings) {
                openWindow(id: WindowID.chat)
                Foreground.call()
            }
    }
}
