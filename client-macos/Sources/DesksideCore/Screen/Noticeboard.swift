import Observation

/// What became of the last command, until the person has seen it.
@MainActor @Observable
public final class Noticeboard {
    public private(set) var text: String?

    public init() {}

    public func post(_ announcement: Announcement) {
        text = announcement.text
    }

    public func dismiss() {
        text = nil
    }
}
