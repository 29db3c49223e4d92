import Accessibility
import DesksideCore
import SwiftUI

struct ChatView: View {
    let client: MacClient
    @Bindable var chat: ChatModel

    var body: some View {
        VStack(spacing: 0) {
            StatusBanner(chat: chat)
            NoticeBanner(notices: client.notices)
            transcript
            Divider()
            PromptField(chat: chat)
        }
        .frame(minWidth: 380, minHeight: 420)
        .sheet(item: question) { request in
            ConsentSheet(request: request) { client.consent.decide($0, on: request.id) }
        }
        .onChange(of: chat.status.title) { _, title in
            AccessibilityNotification.Announcement(title).post()
        }
    }

    private var transcript: some View {
        ScrollView {
            LazyVStack(alignment: .leading, spacing: 20) {
                ForEach(chat.exchanges) { exchange in
                    ExchangeView(exchange: exchange) { await chat.retry(exchange.id) }
                }
            }
            .padding()
        }
        .defaultScrollAnchor(.bottom)
        .accessibilityLabel("Conversation")
    }

    /// The sheet goes away only when the question does.
    private var question: Binding<ConsentRequest?> {
        Binding(get: { client.consent.request }, set: { _ in })
    }
}
