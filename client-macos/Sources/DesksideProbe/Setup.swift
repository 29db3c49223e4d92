import DesksideCore
import Foundation

/// The first line: the system to connect to, and who signs in.
struct Setup: Decodable {
    let configuration: [String: String]
    let person: String
    /// In seconds; for systems whose tokens and connections live shortly.
    var shortestLife: Double?
    var heartbeat: Double?
    var turn: Double?

    enum CodingKeys: String, CodingKey {
        case configuration, person, heartbeat, turn
        case shortestLife = "shortest_life"
    }

    var pace: Pace {
        var pace = Pace()
        if let shortestLife { pace.shortestLife = .seconds(shortestLife) }
        if let heartbeat { pace.heartbeat = .seconds(heartbeat) }
        if let turn { pace.turn = .seconds(turn) }
        return pace
    }
}
