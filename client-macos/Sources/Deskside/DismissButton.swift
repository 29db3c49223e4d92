import SwiftUI

struct DismissButton: View {
    let dismiss: @MainActor () -> Void

    var body: some View {
        Button(action: dismiss) { Image(systemName: "xmark") }
            .buttonStyle(.borderless)
            .accessibilityLabel("Dismiss")
    }
}
