// Lets `swiftc -typecheck` find wrong names, types and isolation of OUR code on Linux. It says nothing about AppKit.
// Only what the adapters use of it and of Apple's Foundation, written from Apple's documentation; nothing here runs.

@_exported import Foundation

@MainActor public class NSResponder: NSObject {}
@MainActor public class NSWindow: NSResponder {}
@MainActor public class NSApplication: NSResponder {
    public enum RequestUserAttentionType: Sendable { case criticalRequest }
    public class var shared: NSApplication { fatalError() }
    public var keyWindow: NSWindow? { nil }
    public var mainWindow: NSWindow? { nil }
    @discardableResult public func requestUserAttention(_ type: RequestUserAttentionType) -> Int { 0 }
    public func activate() {}
    public func terminate(_ sender: Any?) {}
}

@MainActor public class NSPasteboard {
    public struct PasteboardType: Sendable { public static let string = PasteboardType() }
    public class var general: NSPasteboard { fatalError() }
    @discardableResult public func clearContents() -> Int { 0 }
    @discardableResult public func setString(_ text: String, forType: PasteboardType) -> Bool { true }
}

open class NSRunningApplication: @unchecked Sendable {
    public var processIdentifier: pid_t { 0 }
    public var bundleURL: URL? { nil }
}
open class NSWorkspace: @unchecked Sendable {
    public class OpenConfiguration: NSObject, @unchecked Sendable { public var activates = true }
    public class var shared: NSWorkspace { fatalError() }
    public static let didWakeNotification = Notification.Name("")
    public var notificationCenter: NotificationCenter { fatalError() }
    public var runningApplications: [NSRunningApplication] { [] }
    public func openApplication(
        at url: URL, configuration: OpenConfiguration
    ) async throws -> NSRunningApplication { fatalError() }
}

// MARK: - Apple's Foundation

public struct AEDesc {}
open class NSAppleEventDescriptor: NSObject {
    public init(bundleIdentifier: String) {}
    public var aeDesc: UnsafePointer<AEDesc>? { nil }
    public var stringValue: String? { nil }
}
open class NSAppleScript: NSObject {
    public init?(source: String) { nil }
    public func executeAndReturnError(
        _ error: UnsafeMutablePointer<NSDictionary?>?
    ) -> NSAppleEventDescriptor { fatalError() }
}
extension AttributedString {
    public struct MarkdownParsingOptions: Sendable {
        public enum InterpretedSyntax: Sendable { case inlineOnlyPreservingWhitespace }
        public enum FailurePolicy: Sendable { case returnPartiallyParsedIfPossible }
        public init(interpretedSyntax: InterpretedSyntax, failurePolicy: FailurePolicy) {}
    }
    public init(markdown: String, options: MarkdownParsingOptions) throws { fatalError() }
}
extension URL {
    public static var applicationSupportDirectory: URL { fatalError() }
}
extension NotificationCenter {
    public struct Notifications: AsyncSequence {
        public struct AsyncIterator: AsyncIteratorProtocol {
            public mutating func next() async -> Notification? { nil }
        }
        public func makeAsyncIterator() -> AsyncIterator { AsyncIterator() }
    }
    public func notifications(named name: Notification.Name) -> Notifications { fatalError() }
}
