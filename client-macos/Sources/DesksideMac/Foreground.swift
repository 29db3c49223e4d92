import AppKit

/// The app among the others.
@MainActor public enum Foreground {
    /// Bounces until the person comes, unless they are here.
    public static func call() {
        NSApplication.shared.requestUserAttention(.criticalRequest)
    }

    public static func activate() {
        NSApplication.shared.activate()
    }

    public static func quit() {
        NSApplication.shared.terminate(nil)
    }
}
