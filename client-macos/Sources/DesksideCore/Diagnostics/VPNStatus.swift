/// What Cisco's command line says about the VPN.
public struct VPNStatus: Sendable, Equatable {
    public var state: VPNState
    /// Cisco's own `error:` and `warning:` lines, to show.
    public var remarks: [String]
    /// A tunnel that has an address although Cisco's state could not be read. It may be another product's.
    public var tunnel: String?

    public init(state: VPNState, remarks: [String] = [], tunnel: String? = nil) {
        self.state = state
        self.remarks = remarks
        self.tunnel = tunnel
    }

    /// The content of the answer on the wire.
    public var content: String { #"{"vpn_status": "\#(state.rawValue)"}"# }
}

extension VPNStatus {
    /// Reads the output of `vpn state`, `vpn stats` or `vpn disconnect`: the last state wins.
    init(output: String) {
        self.init(state: .unknown)
        for line in output.split(whereSeparator: \.isNewline) {
            // `VPN> \r  >> state: Connected` may be one line.
            let mark = line.ranges(of: ">>").last
            let statement = line[(mark?.upperBound ?? line.startIndex)...]
            let parts = statement.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
                .map { $0.trimming(while: \.isWhitespace) }
            guard parts.count == 2 else { continue }
            switch (parts[0].lowercased(), mark != nil) {
            // `Management Connection State` is another connection's.
            case ("state", true), ("connection state", false):
                state = VPNState(rawValue: parts[1].prefix(while: \.isLetter).lowercased()) ?? .unknown
            case (let kind, true) where kind == "error" || kind == "warning":
                let remark = "\(kind): \(parts[1])".plainText
                if !remarks.contains(remark) { remarks.append(remark) }
            default: break
            }
        }
    }
}

extension Substring {
    fileprivate func trimming(while isBlank: (Character) -> Bool) -> Substring {
        var rest = drop(while: isBlank)
        while let last = rest.last, isBlank(last) { rest.removeLast() }
        return rest
    }
}
