import DesksideCore
import Foundation

extension Redactor {
    /// Knows the names of the person and of the Mac.
    public static var thisMac: Redactor {
        let full = NSFullUserName()
        return Redactor(
            people: [NSUserName(), full] + full.split(separator: " ").map(String.init),
            hosts: [ProcessInfo.processInfo.hostName, Host.current().localizedName].compactMap(\.self))
    }
}
