import Synchronization

@testable import DesksideCore

/// A request desk with everything around it made up.
struct DeskStage: Sendable {
    let time = ManualTime()
    let mac: FakeMac
    let person: FakePerson
    let log: SentLog
    let desk: RequestDesk
    private let announcements = Announcements()

    final class Announcements: Sendable {
        let list = Mutex<[Announcement]>([])
    }

    var announced: [Announcement] { announcements.list.withLock { $0 } }

    @MainActor init(
        person: FakePerson = FakePerson(), mac: FakeMac = FakeMac(DeskStage.usual),
        window: VPNWindow = VPNWindow(open: {}, pressConnect: { .pressed }), policy: CommandPolicy = CommandPolicy()
    ) {
        let log = SentLog()
        var toolbox = mac.toolbox
        toolbox.didRun = { invocation, ending in await log.record(.ran(invocation, ending)) }
        let announcements = announcements
        self.person = person
        self.mac = mac
        self.log = log
        desk = RequestDesk(
            toolbox: toolbox, redactor: Redactor(), window: window, consent: ConsentQueue(prompt: person.prompt),
            log: log,
            announce: { announcement in announcements.list.withLock { $0.append(announcement) } },
            time: time.source, policy: policy)
    }

    static let usual = [
        "vpn state": ">> state: Connected", "vpn stats": "Server: 203.0.113.10", "vpn disconnect": "",
        "ifconfig": "en0:", "netstat -rn": "default 10.0.0.1",
        #"log show --last 15m --style compact --predicate 'process == "vpnagentd" OR process == "Cisco Secure Client"'"#:
            "a line",
    ]

    func handle(
        _ task: MacTask, id: String = "cb-1", wantsAnswer: Bool = true, expiresIn: Duration? = .seconds(60)
    ) async -> Reply? {
        await desk.handle(MacRequest(id: id, task: task, wantsAnswer: wantsAnswer, expiresIn: expiresIn))
    }

    @MainActor var events: [SentLogEntry.Event] { log.entries.map(\.event) }
}
