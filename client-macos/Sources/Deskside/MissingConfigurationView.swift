import DesksideCore
import SwiftUI

struct MissingConfigurationView: View {
    let problem: SetupProblem

    var body: some View {
        ContentUnavailableView {
            Label(problem.title, systemImage: "gearshape")
        } description: {
            if let reason = problem.reason {
                Text(verbatim: reason).textSelection(.enabled)
            }
            if let advice = problem.advice {
                Text(verbatim: advice).textSelection(.enabled)
            }
        }
        .frame(minWidth: 380, minHeight: 300)
    }
}
