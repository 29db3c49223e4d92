// Lets `swiftc -typecheck` check OUR code on Linux. It says nothing about Apple's framework; nothing here runs.

import Foundation

public struct SHA256Digest: Sequence {
    public func makeIterator() -> AnyIterator<UInt8> { fatalError() }
}
public struct SHA256 {
    public static func hash<Content: DataProtocol>(data: Content) -> SHA256Digest { fatalError() }
}
