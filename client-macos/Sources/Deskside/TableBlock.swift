import DesksideMac
import SwiftUI

/// A table of an answer.
struct TableBlock: View {
    let rows: [[String]]

    var body: some View {
        Grid(alignment: .leading, horizontalSpacing: 16, verticalSpacing: 4) {
            ForEach(rows.indices, id: \.self) { row in
                GridRow {
                    ForEach(rows[row].indices, id: \.self) { Text(AttributedString.answer(rows[row][$0])) }
                }
            }
        }
    }
}
