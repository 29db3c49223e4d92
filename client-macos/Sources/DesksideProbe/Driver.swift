import DesksideCore
import Foundation

/// The test at the other end of the pipe, which holds the sockets and follows the sign-in page's redirect.
actor Driver {
    private let output: Output
    private var sockets: [Int: LineTransport] = [:]
    private var opened = 0
    private var page: CheckedContinuation<URL, any Error>?

    init(output: Output) {
        self.output = output
    }

    func connect(_ url: URL, _ token: Secret) async -> LineTransport {
        opened += 1
        let transport = LineTransport(number: opened, output: output)
        sockets[opened] = transport
        do {
            try await output.write(
                SocketOrder(op: .open, socket: opened, url: url.absoluteString, token: token.revealed))
        } catch {
            await transport.finish(.unreachable(reason: "the pipe is closed"))
        }
        return transport
    }

    func authorize(_ url: URL) async throws -> URL {
        try await withCheckedThrowingContinuation { continuation in
            // Before the page is asked for: its redirect may be back at once.
            page = continuation
            Task { await ask(for: url) }
        }
    }

    private func ask(for url: URL) async {
        do {
            try await output.write(SocketOrder(op: .authorize, url: url.absoluteString))
        } catch {
            page?.resume(throwing: SignInError.unavailable(reason: "the pipe is closed"))
            page = nil
        }
    }

    /// Takes what became of a socket or a page.
    func take(_ line: Instruction) async {
        let socket = line.socket.flatMap { sockets[$0] }
        switch line.op {
        case .text:
            await socket?.deliver(line.text ?? "")
        case .closed:
            await socket?.finish(.closed(code: line.code))
        case .refused:
            await socket?.finish(.refused(status: line.status ?? 0))
        case .unreachable:
            await socket?.finish(.unreachable(reason: line.text ?? ""))
        case .redirected:
            if let url = line.url.flatMap(URL.init(string:)) {
                page?.resume(returning: url)
            } else {
                page?.resume(throwing: SignInError.unavailable(reason: line.text ?? "no redirect"))
            }
            page = nil
        case .signIn, .signOut, .send, .retry, .clear, .consent:
            break
        }
    }
}
