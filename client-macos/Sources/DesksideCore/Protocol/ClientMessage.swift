import Foundation

/// One message to the server.
public enum ClientMessage: Sendable, Equatable {
    case hello(sessionID: String, capabilities: [PushAction]?, client: ClientInfo?)
    case chat(prompt: String, sessionID: String, requestID: String?)
    case callback(id: String, Reply)
    case ping

    /// The text of one WebSocket message. Throws when it would not fit one frame.
    public func encoded() throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        let data = try encoder.encode(self)
        guard data.count <= Limits.frameBytes else { throw OversizedMessage(bytes: data.count) }
        return String(decoding: data, as: UTF8.self)
    }

    /// The text of an answer. One that cannot be sent becomes a refusal that says so, since an id is always answered.
    public static func encodedCallback(id: String, _ reply: Reply) throws -> String {
        if case .content(let content) = reply {
            do {
                guard content.utf8.count <= Limits.contentBytes else {
                    throw OversizedMessage(bytes: content.utf8.count)
                }
                return try ClientMessage.callback(id: id, reply).encoded()
            } catch is OversizedMessage {
                let reason = "The answer was too large: at most \(Limits.contentBytes) bytes can be sent."
                return try ClientMessage.callback(id: id, .refused(.failed, message: reason)).encoded()
            }
        }
        return try ClientMessage.callback(id: id, reply).encoded()
    }
}

extension ClientMessage: Encodable {
    private enum CodingKeys: String, CodingKey {
        case action, capabilities, client, content, error, prompt
        case sessionID = "session_id"
        case protocolVersions = "protocol_versions"
        case requestID = "request_id"
        case callbackID = "callback_id"
    }

    private enum FailureKeys: String, CodingKey {
        case code, message
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        switch self {
        case .hello(let sessionID, let capabilities, let client):
            try container.encode("hello", forKey: .action)
            try container.encode(sessionID, forKey: .sessionID)
            try container.encode([Limits.protocolVersion], forKey: .protocolVersions)
            try container.encodeIfPresent(capabilities?.map(\.rawValue), forKey: .capabilities)
            try container.encodeIfPresent(client, forKey: .client)
        case .chat(let prompt, let sessionID, let requestID):
            try container.encode("chat", forKey: .action)
            try container.encode(prompt, forKey: .prompt)
            try container.encode(sessionID, forKey: .sessionID)
            try container.encodeIfPresent(requestID, forKey: .requestID)
        case .callback(let id, let reply):
            try container.encode("async_callback", forKey: .action)
            try container.encode(id, forKey: .callbackID)
            switch reply {
            case .content(let content):
                try container.encode(content, forKey: .content)
            case .refused(let refusal, let message):
                var failure = container.nestedContainer(keyedBy: FailureKeys.self, forKey: .error)
                try failure.encode(refusal.rawValue, forKey: .code)
                let scalars = message.unicodeScalars.prefix(Limits.reasonScalars)
                try failure.encode(String(String.UnicodeScalarView(scalars)), forKey: .message)
            }
        case .ping:
            try container.encode("ping", forKey: .action)
        }
    }
}
