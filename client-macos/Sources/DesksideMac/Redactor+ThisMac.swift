import DesksideCore
import Foundation

extension Redactor {
    /// Knows the names of the person and of the Mac.
    public static var thisMac: Redactor {
        let full = NSFullUserName()
        return Redactor(
            people: [NSUserName(), full] + full.split(separator: " ").map(String.init),
            hosts: hostNames + [Host.current().localizedName].compactMap(\.self))
    }

    /// As in `Annas-MacBook-Pro.local`, and without the domain. `ProcessInfo.hostName` would wait for DNS.
    private static var hostNames: [String] {
        var buffer = [CChar](repeating: 0, count: 256)
        guard gethostname(&buffer, buffer.count - 1) == 0 else { return [] }
        let name = String(decoding: buffer.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
        return [name] + name.split(separator: ".").prefix(1).map(String.init)
    }
}
