import Foundation
import Testing

@testable import DesksideCore

@MainActor struct StageTests {
    private let client = ClientInfo(version: "1")

    private func adapters(_: Configuration) -> MacAdapters {
        MacAdapters(
            tokens: InMemoryTokenStore(), web: WebSignIn { _, _ in throw SignInError.cancelled }, sha256: { $0 },
            runner: ProcessRunner { _, _ in ProgramOutput(text: ">> state: Connected") },
            window: VPNWindow(open: {}, pressConnect: { .notFound }), redactor: Redactor(),
            networkChanges: { AsyncStream { $0.finish() } }, isExecutable: { _ in true })
    }

    @Test func withoutAConfigurationItSaysSo() async {
        let stage = Stage(places: [URL(filePath: "/nowhere/deskside.json")], client: client, adapters: adapters)
        guard case .unconfigured(let problem) = stage else {
            Issue.record("there is no configuration")
            return
        }
        #expect(problem.title == "Deskside is not set up yet.")
        #expect(stage.menuBar.vpn == problem.title)
        #expect(stage.client == nil && stage.rings == 0)
        await stage.run()
    }

    @Test(.timeLimit(.minutes(1)))
    func withoutASignInItStartsSignedOutAndReadsTheVPN() async throws {
        let place = FileManager.default.temporaryDirectory.appending(path: "\(UUID()).json")
        defer { do { try FileManager.default.removeItem(at: place) } catch { Issue.record(error) } }
        let file = """
            {"websocket_url": "wss://example.com/v1", "authorize_url": "https://example.com/authorize",
             "token_url": "https://example.com/token", "client_id": "app", "redirect_uri": "deskside://signed-in"}
            """
        try Data(file.utf8).write(to: place)
        let stage = Stage(places: [place], client: client, adapters: adapters)
        let running = Task { await stage.run() }
        let mac = try #require(stage.client)
        await until { await mac.chat.status == .signedOut(.required) }
        await until { await mac.vpn.reading == .state(.connected) }
        #expect(stage.menuBar.connection == "Assistant: Signed out")
        #expect(mac.log.entries.map(\.title) == ["Ran vpn state"])
        running.cancel()
    }

    @Test(.timeLimit(.minutes(1)))
    func aQuestionRingsBeforeItIsAsked() async {
        let (doorbell, consent) = (Doorbell(), ConsentModel())
        let prompt = doorbell.ringing(before: consent.prompt)
        let asked = Task { await prompt.ask(ConsentRequest(subject: .status, expiresAt: .now)) }
        await until { await consent.request != nil }
        #expect(doorbell.rings == 1)
        if let id = consent.request?.id { consent.decide(.approved, on: id) }
        #expect(await asked.value == .approved)
    }

    @Test func aNoticeStaysUntilItIsSeen() {
        let notices = Noticeboard()
        notices.post(.connected)
        #expect(notices.text == Announcement.connected.text)
        notices.dismiss()
        #expect(notices.text == nil)
    }
}
