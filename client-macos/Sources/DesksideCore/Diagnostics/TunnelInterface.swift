/// The network interface of a VPN in the output of `ifconfig`.
enum TunnelInterface {
    /// The first `utun` with an IPv4 address; macOS has some without.
    static func name(in output: String) -> String? {
        var interface: Substring?
        for line in output.split(whereSeparator: \.isNewline) {
            if line.first?.isWhitespace != true {
                interface = line.prefix { $0 != ":" }
            } else if let interface, interface.hasPrefix("utun"), line.drop(while: \.isWhitespace).hasPrefix("inet ") {
                return String(interface)
            }
        }
        return nil
    }
}
