import Foundation

/// Why Deskside does not know which system to connect to.
public enum ConfigurationError: Error, Sendable, Equatable {
    case missing(paths: [String])
    case unreadable(path: String, reason: String)
    case notJSON(path: String)
    case invalid(path: String, setting: String, reason: String)
}

extension ConfigurationError: LocalizedError {
    public var errorDescription: String? {
        switch self {
        case .missing: "Deskside is not set up yet."
        case .unreadable(let path, _): "\(path) cannot be read."
        case .notJSON(let path): "\(path) is not a configuration."
        case .invalid(_, let setting, let reason): "The setting \(setting) \(reason)."
        }
    }

    public var failureReason: String? {
        switch self {
        case .missing(let paths): "There is no configuration at \(paths.joined(separator: " or "))."
        case .unreadable(_, let reason): reason
        case .notJSON: "It is not a JSON object."
        case .invalid(let path, _, _): "It is in \(path)."
        }
    }

    public var recoverySuggestion: String? {
        switch self {
        case .missing(let paths):
            "Ask whoever runs Deskside for deskside.json (they get it with make client-config) "
                + "and put it at \(paths.first ?? "the place the README names"). Then open Deskside again."
        case .unreadable: "Check who may read the file, then open Deskside again."
        case .notJSON, .invalid: "Replace the file by a new one from make client-config, then open Deskside again."
        }
    }
}
