import Foundation

/// Which links of an answer can be clicked: the words are the model's, and another app's scheme could do anything.
public enum WebLink {
    public static func mayOpen(_ url: URL) -> Bool {
        guard url.scheme?.lowercased() == "https", let host = url.host(), !host.isEmpty else { return false }
        return url.user() == nil && url.password() == nil
    }
}
