import AppKit
import ApplicationServices
import DesksideCore

/// Presses Connect through System Events, where sending it Apple events is allowed already: nobody is asked.
enum ScriptedPress {
    /// Whether there is somebody to tell: of an app that does not run, no permission can be learnt.
    static func startsSystemEvents() async -> Bool {
        let configuration = NSWorkspace.OpenConfiguration()
        configuration.activates = false
        let place = URL(filePath: "/System/Library/CoreServices/System Events.app")
        do {
            _ = try await NSWorkspace.shared.openApplication(at: place, configuration: configuration)
            return true
        } catch {
            return false
        }
    }

    static func press() -> VPNWindow.Press {
        guard isPermitted, let script = NSAppleScript(source: ConnectScript.source) else { return .notPermitted }
        var problem: NSDictionary?
        let answer = script.executeAndReturnError(&problem)
        return problem == nil ? ConnectScript.press(for: answer.stringValue) : .notPermitted
    }

    private static var isPermitted: Bool {
        let target = NSAppleEventDescriptor(bundleIdentifier: "com.apple.systemevents")
        guard let address = target.aeDesc else { return false }
        return AEDeterminePermissionToAutomateTarget(address, typeWildCard, typeWildCard, false) == noErr
    }
}
