import DesksideCore
import SwiftUI

/// Something the agent does for the answer.
struct ActivityRow: View {
    let step: Exchange.Step

    var body: some View {
        HStack(alignment: .firstTextBaseline) {
            Label(step.text, systemImage: step.symbol)
            if let outcome = step.outcomeText {
                Text(outcome).italic()
            }
        }
        .font(.callout)
        .foregroundStyle(.secondary)
        .accessibilityElement(children: .ignore)
        .accessibilityLabel(step.spoken)
    }
}
