// Lets `swiftc -typecheck` check OUR code on Linux. It says nothing about Apple's framework; nothing here runs.

import AppKit

public typealias CFString = String
public typealias CFDictionary = [String: Any]
public typealias CFTypeRef = AnyObject
public typealias OSStatus = Int32

public class AXUIElement {}
public enum AXError: Int32, Sendable {
    case success = 0
    case failure = -25200
}
public let kAXWindowsAttribute = ""
public let kAXChildrenAttribute = ""
public let kAXRoleAttribute = ""
public let kAXTitleAttribute = ""
public let kAXEnabledAttribute = ""
public let kAXButtonRole = ""
public let kAXPressAction = ""
public func AXIsProcessTrustedWithOptions(_ options: CFDictionary?) -> Bool { false }
public func AXUIElementCreateApplication(_ processID: pid_t) -> AXUIElement { fatalError() }
@discardableResult
public func AXUIElementSetMessagingTimeout(_ element: AXUIElement, _ seconds: Float) -> AXError { .failure }
public func AXUIElementCopyAttributeValue(
    _ element: AXUIElement, _ attribute: CFString, _ value: UnsafeMutablePointer<CFTypeRef?>
) -> AXError { .failure }
public func AXUIElementPerformAction(_ element: AXUIElement, _ action: CFString) -> AXError { .failure }

public typealias AEEventClass = UInt32
public typealias AEEventID = UInt32
public let typeWildCard: UInt32 = 0
public let noErr = 0
public func AEDeterminePermissionToAutomateTarget(
    _ target: UnsafePointer<AEDesc>, _ kind: AEEventClass, _ id: AEEventID, _ asks: Bool
) -> OSStatus { 0 }
