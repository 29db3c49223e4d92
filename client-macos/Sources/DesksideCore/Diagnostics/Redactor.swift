import Foundation

/// Takes secrets and personal data out of a text: a pure function of the text and of what is known of the person.
///
/// What names a person or a machine is replaced by a number, the same for the same value within one answer, so that
/// two lines about one address can still be seen to be. Addresses of private networks stay: they are what is looked for.
public struct Redactor: Sendable {
    private let known: [(name: String, mark: String)]

    /// - Parameters:
    ///   - people: names of the person: of the account, and in full.
    ///   - hosts: names of the Mac.
    public init(people: [String] = [], hosts: [String] = []) {
        // Longer names first: a name may contain another.
        known = (people.map { ($0, "[person]") } + hosts.map { ($0, "[this-mac]") })
            .filter { $0.0.count > 2 }
            .sorted { $0.0.count > $1.0.count }
    }

    public func redacted(_ text: String) -> String {
        redacted([text])[0]
    }

    /// The texts of one answer: a value gets the same number in all of them.
    public func redacted(_ texts: [String]) -> [String] {
        var numbers = Numbering()
        return texts.map { text in
            let plain = RedactionRule.all.reduce(text) { $1.applied(to: $0, &numbers) }
            return known.reduce(plain) { Self.replacing($1.name, by: $1.mark, in: $0) }
        }
    }

    private static func replacing(_ name: String, by mark: String, in text: String) -> String {
        let word = #"(?<![\p{L}\p{N}])"# + NSRegularExpression.escapedPattern(for: name) + #"(?![\p{L}\p{N}])"#
        return text.replacingOccurrences(
            of: word, with: NSRegularExpression.escapedTemplate(for: mark),
            options: [.regularExpression, .caseInsensitive])
    }
}

/// Numbers for values, by kind, in the order in which they come.
struct Numbering {
    private var numbers: [String: [String: Int]] = [:]

    mutating func mark(_ kind: String, for value: String) -> String {
        let number = numbers[kind, default: [:]][value.lowercased()] ?? numbers[kind, default: [:]].count + 1
        numbers[kind, default: [:]][value.lowercased()] = number
        return "[\(kind) \(number)]"
    }
}
