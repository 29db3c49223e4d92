import DesksideCore
import SwiftUI

struct PromptField: View {
    @Bindable var chat: ChatModel
    @FocusState private var isFocused: Bool

    var body: some View {
        HStack(alignment: .bottom) {
            TextField("Ask about your Mac or your VPN", text: $chat.draft, axis: .vertical)
                .textFieldStyle(.plain)
                .lineLimit(1...8)
                .focused($isFocused)
                .onSubmit(send)
                .accessibilityLabel("Message")
            Button(action: send) { Image(systemName: "arrow.up.circle.fill") }
                .buttonStyle(.borderless)
                .keyboardShortcut(.return, modifiers: .command)
                .disabled(!chat.canSend)
                .help("Send (Return or ⌘Return; ⌥Return for a new line)")
                .accessibilityLabel("Send")
        }
        .padding()
        .onAppear { isFocused = true }
    }

    private func send() {
        Task { await chat.send() }
    }
}
