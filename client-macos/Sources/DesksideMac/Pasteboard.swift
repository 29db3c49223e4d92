import AppKit

/// The clipboard.
@MainActor public enum Pasteboard {
    public static func copy(_ text: String) {
        NSPasteboard.general.clearContents()
        NSPasteboard.general.setString(text, forType: .string)
    }
}
