import DesksideCore
import SwiftUI

/// What the person wrote.
struct MessageRow: View {
    let exchange: Exchange

    var body: some View {
        HStack {
            Spacer(minLength: 60)
            Text(verbatim: exchange.prompt)
                .textSelection(.enabled)
                .padding(10)
                .background(.tint.opacity(0.15), in: RoundedRectangle(cornerRadius: 12))
                .accessibilityLabel("You: \(exchange.prompt)")
        }
    }
}
