/// Who is speaking, for the operator's logs.
public struct ClientInfo: Sendable, Equatable, Encodable {
    public var name: String
    public var version: String

    public init(name: String = "Deskside for Mac", version: String) {
        self.name = name
        self.version = version
    }
}
