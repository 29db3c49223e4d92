// Lets `swiftc -typecheck` check OUR code on Linux. It says nothing about Apple's Accessibility; nothing here runs.

public enum AccessibilityNotification {
    public struct Announcement {
        public init(_ text: String) {}
        public func post() {}
    }
}
