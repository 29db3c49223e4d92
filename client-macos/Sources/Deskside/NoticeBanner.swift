import DesksideCore
import SwiftUI

/// What became of a command.
struct NoticeBanner: View {
    let notices: Noticeboard

    var body: some View {
        if let text = notices.text {
            HStack(alignment: .firstTextBaseline) {
                Label(text, systemImage: "info.circle")
                Spacer()
                DismissButton { notices.dismiss() }
            }
            .padding(10)
            .background(.bar)
        }
    }
}
