import DesksideCore
import DesksideMac
import SwiftUI

/// One prompt, what was done for it, and the answer.
struct ExchangeView: View {
    let exchange: Exchange
    let retry: @MainActor () async -> Void

    var body: some View {
        VStack(alignment: .leading, spacing: 8) {
            MessageRow(exchange: exchange)
            ForEach(exchange.steps) { ActivityRow(step: $0) }
            MarkdownView(blocks: exchange.blocks)
            if let note = exchange.note {
                Text(note).font(.callout).foregroundStyle(.secondary)
            }
            HStack {
                if exchange.canRetry {
                    Button("Try Again") { Task { await retry() } }
                }
                if exchange.canCopy {
                    Button("Copy Answer", systemImage: "doc.on.doc") { Pasteboard.copy(exchange.answer) }
                        .labelStyle(.iconOnly)
                        .buttonStyle(.borderless)
                        .help("Copy this answer as Markdown")
                }
            }
        }
        .accessibilityElement(children: .contain)
    }
}
