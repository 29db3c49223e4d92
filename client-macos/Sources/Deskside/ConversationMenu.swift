import DesksideCore
import DesksideMac
import SwiftUI

struct ConversationMenu: View {
    let client: MacClient
    let chat: ChatModel

    var body: some View {
        Button("Copy Conversation") { Pasteboard.copy(chat.transcript) }
            .keyboardShortcut("c", modifiers: [.command, .shift])
            .disabled(!chat.canClear)
        Button("Clear Conversation") { Task { await chat.clear() } }
            .keyboardShortcut("k", modifiers: .command)
            .disabled(!chat.canClear)
        Divider()
        Button("Connect Now") { Task { await chat.connectNow() } }
            .keyboardShortcut("r", modifiers: .command)
        Button("Read the VPN’s State") { Task { await client.vpn.refresh() } }
            .keyboardShortcut("r", modifiers: [.command, .shift])
        Divider()
        Button("Sign Out") { Task { await chat.signOut() } }
            .disabled(!chat.canSignOut)
    }
}
