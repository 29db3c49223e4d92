import Foundation

/// One kind of thing that is taken out.
///
/// A repetition is bounded wherever something has to follow it: what a log says must not be able to make us slow.
struct RedactionRule: Sendable {
    let name: String
    private let expression: NSRegularExpression
    private let replacement: @Sendable (Match, inout Numbering) -> String?

    /// - Parameter replacement: nil leaves the match as it is.
    private init(
        _ name: String, _ pattern: String, _ options: NSRegularExpression.Options = [],
        replacement: @escaping @Sendable (Match, inout Numbering) -> String?
    ) {
        self.name = name
        do {
            expression = try NSRegularExpression(pattern: pattern, options: options)
        } catch {
            preconditionFailure("\(name): \(error)")
        }
        self.replacement = replacement
    }

    func applied(to text: String, _ numbers: inout Numbering) -> String {
        let source = text as NSString
        var result = ""
        var end = 0
        for found in expression.matches(in: text, range: NSRange(location: 0, length: source.length)) {
            guard let new = replacement(Match(result: found, text: source), &numbers) else { continue }
            result += source.substring(with: NSRange(location: end, length: found.range.location - end)) + new
            end = found.range.upperBound
        }
        return end == 0 ? text : result + source.substring(from: end)
    }

    struct Match {
        fileprivate let result: NSTextCheckingResult
        fileprivate let text: NSString

        /// A group; 0 is the whole match, and a group that took no part is empty.
        subscript(_ group: Int) -> String {
            let range = result.range(at: group)
            return range.location == NSNotFound ? "" : text.substring(with: range)
        }

        func isPreceded(by ending: String) -> Bool {
            let length = (ending as NSString).length
            let location = result.range.location - length
            guard location >= 0 else { return false }
            return text.substring(with: NSRange(location: location, length: length)).lowercased() == ending
        }
    }
}

extension RedactionRule {
    /// In the order in which they are applied: whole secrets first, then their parts.
    static let all = secrets + identities + addresses + [random]

    private static let secretNames = [
        "password", "passwd", "passphrase", "passcode", "pwd", "secret", "token", "api[_-]?key", "private[_-]?key",
        "session[_-]?id", "(?<![a-z])(?:b?s)?sid", "cookie", "otp", "webvpn", "samlresponse", "samlrequest",
        "assertion",
        "verifier", #"serial(?: ?number)?(?: \(system\))?"#,
    ]

    private static let secrets = [
        RedactionRule("key", #"-----BEGIN [A-Z0-9 ]{1,40}-----[\s\S]*?(?:-----END [A-Z0-9 ]{1,40}-----|\z)"#) { _, _ in
            "[key or certificate]"
        },
        RedactionRule(
            "header", #"\b((?:proxy-)?authorization|(?:set-)?cookie|x-[a-z-]{0,40}token)["']?\s{0,4}[:=][^\n]+"#,
            .caseInsensitive
        ) { match, _ in "\(match[1]): [secret]" },
        RedactionRule("login in a URL", #"\b([a-z][a-z0-9+.-]{1,20}://)[^\s/@]{1,512}@"#, .caseInsensitive) {
            match, _ in
            "\(match[1])[login]@"
        },
        RedactionRule(
            "assignment",
            "((?:" + secretNames.joined(separator: "|") + ")"
                + #"["']?\s{0,4}[:=]\s{0,4})("[^"\n]{0,4096}"|'[^'\n]{0,4096}'|[^\s,;&"']+)"#,
            .caseInsensitive
        ) { match, _ in match[1] + "[secret]" },
        RedactionRule(
            "authorization", #"\b(bearer|basic|negotiate|digest)\s{1,4}(?=\S{0,256}[0-9=])[A-Za-z0-9+/_.=~-]{8,}"#,
            .caseInsensitive
        ) { match, _ in "\(match[1]) [secret]" },
        RedactionRule("JSON web token", #"\beyJ[A-Za-z0-9_-]{6,}(?:\.[A-Za-z0-9_-]*){0,4}"#) { _, _ in "[token]" },
        RedactionRule("AWS key", #"\b(?:AKIA|ASIA)[A-Z0-9]{16}\b"#) { _, _ in "[key]" },
    ]

    private static let identities = [
        RedactionRule("e-mail", #"[\p{L}\p{N}._%+-]{1,64}@[\p{L}\p{N}-]{1,63}(?:\.[\p{L}\p{N}-]{1,63}){1,8}"#) {
            $1.mark("e-mail", for: $0[0])
        },
        RedactionRule("home folder", #"(/(?:Users|home)/)([^/\s:"']{1,255})"#) { match, _ in
            ["Shared", "[person]"].contains(match[2]) ? nil : "\(match[1])[person]"
        },
        RedactionRule("host", #"(?<![\p{L}\p{N}.-])([\p{L}\p{N}-]{1,63})\.local\b"#) {
            $1.mark("host", for: $0[0])
        },
        RedactionRule("UUID", #"\b[0-9A-Fa-f]{8}-(?:[0-9A-Fa-f]{4}-){3}[0-9A-Fa-f]{12}\b"#) {
            $1.mark("id", for: $0[0])
        },
    ]

    private static let addresses = [
        RedactionRule(
            "MAC address",
            #"(?<![0-9A-Fa-f:.-])(?:(?:[0-9A-Fa-f]{1,2}:){5}[0-9A-Fa-f]{1,2}|(?:[0-9A-Fa-f]{2}-){5}[0-9A-Fa-f]{2}"#
                + #"|(?:[0-9A-Fa-f]{4}\.){2}[0-9A-Fa-f]{4})(?![0-9A-Fa-f:.-])"#
        ) { $1.mark("mac", for: $0[0]) },
        RedactionRule("IPv6", #"(?<![0-9A-Za-z:.])(?:[0-9A-Fa-f]{0,4}:){2,8}[0-9A-Fa-f]{0,4}(?![0-9A-Za-z:])"#) {
            switch IPAddress.kind(ofV6: $0[0]) {
            case .public: $1.mark("public", for: $0[0])
            case .hardware: $1.mark("link-local", for: $0[0])
            case .private, nil: nil
            }
        },
        RedactionRule("IPv4", #"(?<![0-9.])(?:[0-9]{1,3}\.){3}[0-9]{1,3}(?![0-9]|\.[0-9])"#) { match, numbers in
            // Versions have four parts too.
            guard !match.isPreceded(by: "version ") else { return nil }
            return IPAddress.kind(ofV4: match[0]) == .public ? numbers.mark("public", for: match[0]) : nil
        },
    ]

    private static let random = RedactionRule("random", #"(?<![A-Za-z0-9+/_=-])[A-Za-z0-9+/_-]{24,}={0,2}"#) {
        match, _ in
        // A path is long too, but its parts are words.
        let parts = match[0].split(separator: "/").map { String($0) }
        return parts.contains(where: RandomLook.has) ? "[secret]" : nil
    }
}
