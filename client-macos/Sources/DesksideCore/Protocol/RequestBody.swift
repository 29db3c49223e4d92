import Foundation

/// The fields of a request to the Mac as they were sent, before anything of them is believed.
struct RequestBody: Decodable {
    let action: String?
    let callbackID: String?
    let actionID: String?
    let command: String?
    let logType: String?
    let expiresIn: Double?

    enum CodingKeys: String, CodingKey {
        case action, command
        case callbackID = "callback_id"
        case actionID = "action_id"
        case logType = "log_type"
        case expiresIn = "expires_in"
    }

    init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        // A field of the wrong type counts as absent: the request can then still be refused by its id.
        func field<Value: Decodable>(_ key: CodingKeys, as type: Value.Type) -> Value? {
            do { return try container.decodeIfPresent(type, forKey: key) } catch { return nil }
        }
        action = field(.action, as: String.self)
        callbackID = field(.callbackID, as: String.self)
        actionID = field(.actionID, as: String.self)
        command = field(.command, as: String.self)
        logType = field(.logType, as: String.self)
        expiresIn = field(.expiresIn, as: Double.self)
    }

    /// The request, or nil when it has neither a known shape nor an id to refuse it by.
    func request(isCommand: Bool) -> MacRequest? {
        guard let action else { return nil }
        if isCommand {
            // The original sends no id; such a command is never a repeat of another.
            let id = actionID.flatMap { $0.isEmpty || $0.count > 128 ? nil : $0 } ?? "unnamed-\(UUID().uuidString)"
            return MacRequest(id: id, task: commandTask(action), wantsAnswer: false, expiresIn: lifetime)
        }
        guard let callbackID, Self.isCallbackID(callbackID) else { return nil }
        return MacRequest(id: callbackID, task: callbackTask(action), wantsAnswer: true, expiresIn: lifetime)
    }

    private var lifetime: Duration? { expiresIn.map(Duration.init(wireSeconds:)) }

    private func commandTask(_ action: String) -> MacTask {
        guard PushAction(rawValue: action) == .runClientCommand else { return .unsupported(name: Self.shown(action)) }
        guard let command = command.flatMap(VPNCommand.init) else {
            return .unsupported(name: Self.shown("\(action) \(self.command ?? "")"))
        }
        return .run(command)
    }

    private func callbackTask(_ action: String) -> MacTask {
        switch PushAction(rawValue: action) {
        case .getVPNStatus:
            return .reportStatus
        case .requestLogs:
            guard let type = logType.flatMap(LogType.init) else {
                return .unsupported(name: Self.shown("\(action) \(logType ?? "")"))
            }
            return .collectLogs(type)
        case .runClientCommand, nil:
            return .unsupported(name: Self.shown(action))
        }
    }

    private static func isCallbackID(_ id: String) -> Bool {
        let digits = id.utf8.dropFirst(3)
        return id.hasPrefix("cb-") && digits.count == 32
            && digits.allSatisfy { (0x30...0x39).contains($0) || (0x61...0x66).contains($0) }
    }

    /// A name of the server's as it may appear on a screen: short, one line, plain letters.
    private static func shown(_ name: String) -> String {
        let plain = name.unicodeScalars.prefix(64).map { scalar in
            scalar.isASCII && (scalar.properties.isAlphabetic || "0123456789_.- ".unicodeScalars.contains(scalar))
                ? Character(scalar) : "?"
        }
        return String(plain).trimmingCharacters(in: .whitespaces)
    }
}
