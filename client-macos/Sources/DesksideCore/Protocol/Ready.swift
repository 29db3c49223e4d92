/// The answer to `hello`.
public struct Ready: Sendable, Equatable {
    public let sessionID: String
    public let protocolVersion: Int
    /// What is left of the access token's life.
    public let expiresIn: Duration
    /// Requests that still wait for this client, oldest first.
    public let pending: [MacRequest]
}

extension Ready: Decodable {
    private enum CodingKeys: String, CodingKey {
        case pending
        case sessionID = "session_id"
        case protocolVersion = "protocol_version"
        case expiresIn = "expires_in"
    }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        sessionID = try container.decode(String.self, forKey: .sessionID)
        protocolVersion = try container.decode(Int.self, forKey: .protocolVersion)
        expiresIn = Duration(wireSeconds: try container.decode(Double.self, forKey: .expiresIn))
        pending = try container.decodeIfPresent([PendingItem].self, forKey: .pending)?.compactMap(\.request) ?? []
    }
}
