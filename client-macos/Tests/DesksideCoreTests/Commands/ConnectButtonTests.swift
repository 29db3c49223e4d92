import Synchronization
import Testing

@testable import DesksideCore

struct ConnectButtonTests {
    private typealias Window = ConnectButton.Window

    @Test(
        arguments: [
            ([], .notFound),
            ([("Cisco Secure Client", ["Connect"])], .press(window: 0, button: 0)),
            // The first is the menu bar's.
            ([("", ["Connect"]), ("Cisco Secure Client", ["Settings", "Connect"])], .press(window: 1, button: 1)),
            ([("Cisco Secure Client", ["Disconnect"])], .alreadyConnected),
            ([("Cisco Secure Client | Berlin", ["OK", "Cancel"])], .notFound),
            ([("Something Else", ["Connect"]), ("Other", ["Disconnect"])], .notFound),
            ([("Cisco AnyConnect Secure Mobility Client", ["Connect"])], .press(window: 0, button: 0)),
            ([("Cisco Secure Client", ["Verbinden"])], .notFound),
        ] as [([(String, [String])], ConnectButton.Finding)])
    func finds(_ windows: [(String, [String])], _ finding: ConnectButton.Finding) {
        #expect(ConnectButton.find(in: windows.map { Window(title: $0.0, buttons: $0.1) }) == finding)
    }

    @Test(
        arguments: [
            ("pressed", .pressed), ("connected", .alreadyConnected), ("missing", .notFound),
            ("anything", .notFound), (nil, .notFound),
        ] as [(String?, VPNWindow.Press)])
    func readsTheScriptsAnswer(_ answer: String?, _ press: VPNWindow.Press) {
        #expect(ConnectScript.press(for: answer) == press)
    }

    @Test(
        arguments: [
            ([[.pressed]], .pressed, [0]),
            ([[.notPermitted], [.pressed]], .pressed, [0, 1]),
            ([[.notPermitted], [.notPermitted]], .notPermitted, [0, 1]),
            // A window that opens late.
            ([[.notFound, .notFound, .alreadyConnected]], .alreadyConnected, [0, 0, 0]),
            ([[.notFound]], .notFound, [0, 0, 0]),
            ([], .notPermitted, []),
        ] as [([[VPNWindow.Press]], VPNWindow.Press, [Int])])
    func pressesInTheFirstWayThatIsPermitted(
        _ ways: [[VPNWindow.Press]], _ expected: VPNWindow.Press, _ order: [Int]
    ) async {
        let tried = Tried()
        let window = VPNWindow.pressing(
            ways: ways.enumerated().map { place, answers in
                {
                    let before = tried.add(place)
                    return answers[min(before, answers.count - 1)]
                }
            }, open: {}, tries: 3, time: TimeSource(now: { .now }, sleep: { _ in }))
        #expect(await window.pressConnect() == expected)
        #expect(tried.order == order)
    }
}

private final class Tried: Sendable {
    private let places = Mutex<[Int]>([])

    var order: [Int] { places.withLock { $0 } }

    /// How often that was tried before.
    func add(_ place: Int) -> Int {
        places.withLock { places in
            defer { places.append(place) }
            return places.count { $0 == place }
        }
    }
}
