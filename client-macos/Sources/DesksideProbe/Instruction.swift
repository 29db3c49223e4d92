/// One line of the test that drives this probe.
struct Instruction: Decodable {
    enum Operation: String, Decodable {
        // What the test wants done.
        case signIn = "sign_in"
        case signOut = "sign_out"
        case send, retry, clear, consent
        // What became of a socket, and of a sign-in page.
        case text, closed, refused, unreachable, redirected
    }

    let op: Operation
    var socket: Int?
    var text: String?
    var code: Int?
    var status: Int?
    var url: String?
    /// The exchange to send again.
    var id: String?
    /// The questions to decline from now on, and those to leave open.
    var decline: [String]?
    var hold: [String]?
}
