// Lets `swiftc -typecheck` check OUR code on Linux. It says nothing about Apple's framework; nothing here runs.

import AppKit

public typealias ASPresentationAnchor = NSWindow

@MainActor public protocol ASWebAuthenticationPresentationContextProviding: NSObjectProtocol {
    func presentationAnchor(for session: ASWebAuthenticationSession) -> ASPresentationAnchor
}
public struct ASWebAuthenticationSessionError: Error {
    public enum Code: Sendable { case canceledLogin, presentationContextNotProvided, presentationContextInvalid }
    public var code: Code { fatalError() }
}
open class ASWebAuthenticationSession: NSObject {
    public typealias CompletionHandler = (URL?, (any Error)?) -> Void
    public struct Callback: Sendable {
        public static func customScheme(_ scheme: String) -> Callback { Callback() }
    }
    public init(url: URL, callback: Callback, completionHandler: @escaping CompletionHandler) {}
    @MainActor public weak var presentationContextProvider: (any ASWebAuthenticationPresentationContextProviding)?
    public var prefersEphemeralWebBrowserSession = false
    @discardableResult public func start() -> Bool { true }
    public func cancel() {}
}
