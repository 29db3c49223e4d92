import Foundation

#if canImport(FoundationNetworking)
    import FoundationNetworking
#endif

/// A WebSocket of Apple's URLSession. It compiles on Linux, but that platform's own is not fit for use.
public final class URLSessionTransport: WebSocketTransport {
    private let task: URLSessionWebSocketTask

    init(task: URLSessionWebSocketTask) {
        self.task = task
    }

    public func send(_ text: String) async throws {
        do {
            // As text: API Gateway routes no binary frames.
            try await task.send(.string(text))
        } catch {
            throw fault(error)
        }
    }

    public func receive() async throws -> String {
        do {
            // Cancelling a Swift task does not end a pending receive; cancelling the socket's task does.
            let message = try await withTaskCancellationHandler {
                try await task.receive()
            } onCancel: {
                task.cancel()
            }
            switch message {
            case .string(let text): return text
            case .data(let data): return String(decoding: data, as: UTF8.self)
            @unknown default: return ""
            }
        } catch {
            throw fault(error)
        }
    }

    public func close() {
        task.cancel(with: .normalClosure, reason: nil)
    }

    public func abort() {
        task.cancel()
    }

    private func fault(_ error: any Error) -> ConnectionFault {
        if let status = (task.response as? HTTPURLResponse)?.statusCode, status != 101 {
            return .refused(status: status)
        }
        if task.closeCode != .invalid {
            return .closed(code: task.closeCode.rawValue)
        }
        // The text of a URLError may quote the URL; its code tells enough.
        let reason = (error as? URLError).map { "URL error \($0.code.rawValue)" } ?? "\(type(of: error))"
        return .unreachable(reason: reason)
    }
}

extension WebSocketConnector {
    /// Sockets of a URL session, which should neither cache nor keep cookies.
    public static func urlSession(_ session: URLSession) -> WebSocketConnector {
        WebSocketConnector { url, token in
            var request = URLRequest(url: url)
            request.setValue("Bearer \(token.revealed)", forHTTPHeaderField: "Authorization")
            let task = session.webSocketTask(with: request)
            task.maximumMessageSize = 2 * Limits.messageBytes
            task.resume()
            return URLSessionTransport(task: task)
        }
    }
}
