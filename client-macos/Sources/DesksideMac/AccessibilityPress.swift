import ApplicationServices
import DesksideCore
import Foundation

/// Presses Connect as an assistive app would.
enum AccessibilityPress {
    static func press(in processID: pid_t?) -> VPNWindow.Press {
        // The key's own constant is a variable to Swift. macOS asks the person, once, to allow it in the settings.
        guard AXIsProcessTrustedWithOptions(["AXTrustedCheckOptionPrompt": true] as CFDictionary) else {
            return .notPermitted
        }
        guard let processID else { return .notFound }
        let app = AXUIElementCreateApplication(processID)
        AXUIElementSetMessagingTimeout(app, 3)
        let windows = elements(kAXWindowsAttribute, of: app)
        let buttons = windows.map { enabledButtons(in: $0, depth: 4) }
        let seen = zip(windows, buttons).map { window, buttons in
            ConnectButton.Window(title: title(of: window), buttons: buttons.map(title))
        }
        switch ConnectButton.find(in: seen) {
        case .alreadyConnected: return .alreadyConnected
        case .notFound: return .notFound
        case .press(let window, let button):
            let result = AXUIElementPerformAction(buttons[window][button], kAXPressAction as CFString)
            return result == .success ? .pressed : .notFound
        }
    }

    private static func enabledButtons(in element: AXUIElement, depth: Int) -> [AXUIElement] {
        elements(kAXChildrenAttribute, of: element).flatMap { child in
            if value(kAXRoleAttribute, of: child) as? String == kAXButtonRole {
                return value(kAXEnabledAttribute, of: child) as? Bool == true ? [child] : []
            }
            return depth > 0 ? enabledButtons(in: child, depth: depth - 1) : []
        }
    }

    private static func title(of element: AXUIElement) -> String {
        value(kAXTitleAttribute, of: element) as? String ?? ""
    }

    private static func elements(_ attribute: String, of element: AXUIElement) -> [AXUIElement] {
        value(attribute, of: element) as? [AXUIElement] ?? []
    }

    private static func value(_ attribute: String, of element: AXUIElement) -> CFTypeRef? {
        var value: CFTypeRef?
        guard AXUIElementCopyAttributeValue(element, attribute as CFString, &value) == .success else { return nil }
        return value
    }
}
