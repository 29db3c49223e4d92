import DesksideCore
import DesksideMac
import SwiftUI

struct MarkdownBlockView: View {
    let kind: MarkdownBlock.Kind

    var body: some View {
        switch kind {
        case .paragraph(let text):
            Text(AttributedString.answer(text))
        case .heading(_, let text):
            Text(AttributedString.answer(text)).font(.headline).accessibilityAddTraits(.isHeader)
        case .item(let marker, let depth, let text):
            HStack(alignment: .firstTextBaseline) {
                Text(verbatim: marker).monospacedDigit()
                Text(AttributedString.answer(text))
            }
            .padding(.leading, CGFloat(depth) * 16)
        case .code(_, let text):
            ScrollView(.horizontal) {
                Text(verbatim: text).monospaced().padding(8)
            }
            .background(.quaternary, in: RoundedRectangle(cornerRadius: 6))
            .accessibilityLabel("Code: \(text)")
        case .quote(let text):
            Text(AttributedString.answer(text)).foregroundStyle(.secondary).padding(.leading, 12)
                .overlay(alignment: .leading) { Rectangle().fill(.quaternary).frame(width: 3) }
        case .table(let rows):
            TableBlock(rows: rows)
        case .rule:
            Divider()
        }
    }
}
