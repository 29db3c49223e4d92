import Foundation

/// Why the app cannot start, in words for a window of its own.
public struct SetupProblem: Sendable, Equatable {
    public let title: String
    public let reason: String?
    public let advice: String?

    public init(_ error: any Error) {
        let known = error as? any LocalizedError
        title = known?.errorDescription ?? "Deskside cannot start."
        reason = known?.failureReason
        advice = known?.recoverySuggestion
    }
}
