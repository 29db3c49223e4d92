import DesksideCore
import Foundation

extension VPNWindow {
    /// Through Accessibility; where an administrator allowed Apple events instead, through System Events. Where
    /// neither is, the person presses the button.
    public static let cisco = VPNWindow.pressing(
        ways: [
            { await offTheTasks { AccessibilityPress.press(in: CiscoApp.processID) } },
            {
                guard await ScriptedPress.startsSystemEvents() else { return .notPermitted }
                return await offTheTasks { ScriptedPress.press() }
            },
        ],
        open: { try await CiscoApp.open() })

    /// Both ways wait for another process.
    private static func offTheTasks(_ work: @escaping @Sendable () -> Press) async -> Press {
        await withCheckedContinuation { continuation in
            Thread.detachNewThread { continuation.resume(returning: work()) }
        }
    }
}
