import DesksideCore
import SwiftUI

struct HistoryWindow: View {
    let stage: Stage

    var body: some View {
        switch stage {
        case .running(let client): HistoryView(log: client.log)
        case .unconfigured(let problem): MissingConfigurationView(problem: problem)
        }
    }
}
