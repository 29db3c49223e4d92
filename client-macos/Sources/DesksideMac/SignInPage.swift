import AppKit
import AuthenticationServices
import DesksideCore

/// One showing of the issuer's page.
@MainActor final class SignInPage: NSObject {
    private var session: ASWebAuthenticationSession?

    func callback(of url: URL, scheme: String) async throws -> URL {
        // It holds the session, which ends when nobody does.
        defer { session = nil }
        return try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                let session = ASWebAuthenticationSession(
                    url: url, callback: .customScheme(scheme), completionHandler: Self.resuming(continuation))
                session.presentationContextProvider = self
                // Without the browser's cookies, signing out means that the next one to sign in says who they are.
                session.prefersEphemeralWebBrowserSession = true
                self.session = session
                // When it returns false the handler is called all the same, with the reason.
                session.start()
            }
        } onCancel: {
            Task { @MainActor in self.session?.cancel() }
        }
    }

    /// Made outside the main actor: the system may call it on any thread.
    private nonisolated static func resuming(
        _ continuation: CheckedContinuation<URL, any Error>
    ) -> @Sendable (URL?, (any Error)?) -> Void {
        { url, error in
            if let url {
                continuation.resume(returning: url)
            } else if (error as? ASWebAuthenticationSessionError)?.code == .canceledLogin {
                continuation.resume(throwing: SignInError.cancelled)
            } else {
                let reason = error?.localizedDescription ?? "the sign-in page gave no answer"
                continuation.resume(throwing: SignInError.unavailable(reason: reason))
            }
        }
    }
}

extension SignInPage: ASWebAuthenticationPresentationContextProviding {
    func presentationAnchor(for session: ASWebAuthenticationSession) -> ASPresentationAnchor {
        NSApplication.shared.keyWindow ?? NSApplication.shared.mainWindow ?? ASPresentationAnchor()
    }
}
