import DesksideCore
import SwiftUI

/// Everything that was run and sent since the app was opened, the newest first. It is kept on this Mac only.
struct HistoryView: View {
    let log: SentLog

    var body: some View {
        List(log.entries.reversed()) { entry in
            DisclosureGroup {
                Text(verbatim: entry.detail).monospaced().textSelection(.enabled)
                    .frame(maxWidth: .infinity, alignment: .leading)
            } label: {
                HStack {
                    Label(entry.title, systemImage: entry.symbol)
                    Spacer()
                    Text(entry.at, style: .time).foregroundStyle(.secondary)
                }
            }
        }
        .overlay {
            if log.entries.isEmpty {
                ContentUnavailableView(
                    "Nothing Yet", systemImage: "tray",
                    description: Text("What Deskside runs on this Mac and sends from it is listed here."))
            }
        }
        .frame(minWidth: 420, minHeight: 300)
    }
}
