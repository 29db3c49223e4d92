import DesksideCore
import Foundation

extension ClientInfo {
    /// With the version of the bundle; there is none under `swift run`.
    public static var thisApp: ClientInfo {
        ClientInfo(version: Bundle.main.object(forInfoDictionaryKey: "CFBundleShortVersionString") as? String ?? "0")
    }
}
