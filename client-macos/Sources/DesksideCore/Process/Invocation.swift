/// One program with its arguments, never a shell line. Only this module makes one, and only from constants.
public struct Invocation: Sendable, Hashable {
    /// An absolute path.
    public let executable: String
    public let arguments: [String]

    init(_ executable: String, _ arguments: [String] = []) {
        self.executable = executable
        self.arguments = arguments
    }

    /// As a person would type it, for the consent sheet and the headings of a log.
    public var commandLine: String {
        let name = executable.split(separator: "/").last.map(String.init) ?? executable
        return ([name] + arguments.map { $0.contains(" ") ? "'\($0)'" : $0 }).joined(separator: " ")
    }
}
