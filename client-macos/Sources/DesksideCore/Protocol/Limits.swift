/// The wire's limits, as the services declare them (services/contract/limits.py).
public enum Limits {
    public static let protocolVersion = 1
    /// API Gateway closes a socket that sends or carries more.
    public static let messageBytes = 128 * 1024
    /// What one encoded message may take so that it always fits API Gateway's frame of 32 KB.
    public static let frameBytes = 31 * 1024
    /// UTF-8 bytes of a callback's content, before JSON's escapes.
    public static let contentBytes = 28 * 1024
    /// Unicode scalars: what the service counts as characters.
    public static let promptScalars = 8_000
    public static let reasonScalars = 500
    /// How much of one answer is kept. Ours: a server that never stops must not fill the memory.
    public static let answerBytes = 1024 * 1024
}
