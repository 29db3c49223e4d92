/// What this probe wants done with a socket, or with a sign-in page.
struct SocketOrder: Encodable {
    enum Operation: String, Encodable {
        case open, send, close, abort, authorize
    }

    let op: Operation
    var socket: Int?
    var url: String?
    var token: String?
    var text: String?
}
