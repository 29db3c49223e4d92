import DesksideCore
import Foundation

extension WebSignIn {
    /// The system's web session, in the person's browser.
    public static let system = WebSignIn { url, redirectURI in
        try await SignInPage().callback(of: url, scheme: String(redirectURI.prefix { $0 != ":" }))
    }
}
