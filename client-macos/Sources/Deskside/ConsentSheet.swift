import DesksideCore
import SwiftUI

/// A question of the agent to the person. Return and Escape both mean no.
struct ConsentSheet: View {
    let request: ConsentRequest
    let decide: @MainActor (ConsentDecision) -> Void

    var body: some View {
        VStack(alignment: .leading, spacing: 12) {
            Text(verbatim: request.title).font(.title2).accessibilityAddTraits(.isHeader)
            Text(verbatim: request.explanation)
            Text(verbatim: request.programsTitle).font(.headline)
            ForEach(request.programs, id: \.self) { Text(verbatim: $0).monospaced().textSelection(.enabled) }
            if let preview = request.preview {
                ScrollView([.horizontal, .vertical]) {
                    Text(verbatim: preview).monospaced().textSelection(.enabled).padding(8)
                        .frame(maxWidth: .infinity, alignment: .leading)
                }
                .frame(minHeight: 160, maxHeight: 320)
                .background(.quaternary, in: RoundedRectangle(cornerRadius: 6))
                .accessibilityLabel("What would be sent")
            }
            TimelineView(.periodic(from: .now, by: 1)) { _ in
                Text(verbatim: request.countdown(at: .now)).font(.callout).foregroundStyle(.secondary)
                    .monospacedDigit()
            }
            HStack {
                if request.mayBeRemembered {
                    Button("Allow Until I Quit") { decide(.approvedForSession) }
                }
                Spacer()
                Button(request.approval) { decide(.approved) }
                Button(request.refusal) { decide(.declined) }
                    .keyboardShortcut(.defaultAction)
            }
        }
        .padding(20)
        .frame(width: 520)
        .interactiveDismissDisabled()
        .onExitCommand { decide(.declined) }
    }
}
