import DesksideCore
import DesksideMac
import SwiftUI

/// What the menus and the keyboard add.
struct ChatCommands: Commands {
    let client: MacClient?

    var body: some Commands {
        CommandMenu("Conversation") {
            if let client {
                ConversationMenu(client: client, chat: client.chat)
            }
        }
    }
}
