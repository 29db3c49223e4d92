/// The one thing a person can do about a status.
public enum ChatAction: Sendable, Equatable {
    case signIn
    case connectNow

    public var title: String {
        switch self {
        case .signIn: "Sign In…"
        case .connectNow: "Try Now"
        }
    }
}
