import Foundation

/// One message of the server, decoded once at the edge.
public enum ServerMessage: Sendable, Equatable {
    case ready(Ready)
    case pong
    case turn(TurnEvent)
    case request(MacRequest)
    /// Not understood, and no reason to worry: a newer server may say more than this client knows.
    case ignored(reason: String)

    /// Never fails: what cannot be read is `ignored`, and its reason quotes nothing of it.
    public init(_ text: String) {
        guard text.utf8.count <= Limits.messageBytes else {
            self = .ignored(reason: "larger than a message can be")
            return
        }
        do {
            self = try JSONDecoder().decode(ServerMessage.self, from: Data(text.utf8))
        } catch {
            self = .ignored(reason: "not a message of this protocol")
        }
    }

    var request: MacRequest? {
        if case .request(let request) = self { request } else { nil }
    }
}

extension ServerMessage: Decodable {
    private enum CodingKeys: String, CodingKey {
        case event, data
    }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        guard let event = try container.decodeIfPresent(String.self, forKey: .event) else {
            self = Self.request(try RequestBody(from: decoder), isCommand: false)
            return
        }
        self =
            switch event {
            case "ready": .ready(try container.decode(Ready.self, forKey: .data))
            case "pong": .pong
            case "chat_accepted": .turn(.accepted(try container.decode(ChatAccepted.self, forKey: .data)))
            case "activity": .turn(.activity(try container.decode(Activity.self, forKey: .data)))
            case "answer_delta": .turn(.delta(try container.decode(AnswerDelta.self, forKey: .data)))
            case "answer": .turn(.answer(try container.decode(Answer.self, forKey: .data)))
            case "error": .turn(.failed(try container.decode(ServerError.self, forKey: .data)))
            case "client_action":
                Self.request(try container.decode(RequestBody.self, forKey: .data), isCommand: true)
            default: .ignored(reason: "an event of a newer protocol")
            }
    }

    private static func request(_ body: RequestBody, isCommand: Bool) -> ServerMessage {
        body.request(isCommand: isCommand).map(ServerMessage.request) ?? .ignored(reason: "a request without an id")
    }
}
