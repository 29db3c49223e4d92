import DesksideCore
import SwiftUI

struct ChatWindow: View {
    let stage: Stage

    var body: some View {
        switch stage {
        case .running(let client): ChatView(client: client, chat: client.chat)
        case .unconfigured(let problem): MissingConfigurationView(problem: problem)
        }
    }
}
