import DesksideCore
import SwiftUI

struct StatusBanner: View {
    let chat: ChatModel

    var body: some View {
        if chat.status.showsBanner {
            HStack(alignment: .firstTextBaseline) {
                Label(chat.status.title, systemImage: chat.status.symbol).font(.headline)
                if let hint = chat.status.hint {
                    Text(hint).foregroundStyle(.secondary)
                }
                Spacer()
                if chat.status.isUnderWay {
                    ProgressView().controlSize(.small).accessibilityHidden(true)
                }
                if let action = chat.status.action {
                    Button(action.title) { Task { await chat.perform(action) } }
                }
            }
            .padding(10)
            .background(.bar)
            .accessibilityElement(children: .combine)
        }
        if let problem = chat.problem {
            HStack(alignment: .firstTextBaseline) {
                Label(problem.text, systemImage: "exclamationmark.triangle")
                if let advice = problem.advice {
                    Text(advice).foregroundStyle(.secondary)
                }
                Spacer()
                DismissButton { chat.dismissProblem() }
            }
            .padding(10)
            .background(.bar)
        }
    }
}
