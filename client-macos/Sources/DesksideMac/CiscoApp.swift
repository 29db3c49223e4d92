import AppKit
import DesksideCore

/// Cisco's app with the window, in the versions there are; the newer first.
enum CiscoApp: String, CaseIterable {
    case secureClient = "/Applications/Cisco/Cisco Secure Client.app"
    case anyConnect = "/Applications/Cisco/Cisco AnyConnect Secure Mobility Client.app"

    private static var installed: CiscoApp? {
        allCases.first { FileManager.default.fileExists(atPath: $0.rawValue) }
    }

    /// Opens it, or brings it to the front.
    static func open() async throws {
        guard let app = installed else { throw VPNWindowError.notInstalled }
        do {
            _ = try await NSWorkspace.shared.openApplication(
                at: URL(filePath: app.rawValue), configuration: NSWorkspace.OpenConfiguration())
        } catch {
            throw VPNWindowError.notOpened(reason: error.localizedDescription)
        }
    }

    static var processID: pid_t? {
        guard let installed else { return nil }
        let place = URL(filePath: installed.rawValue).standardizedFileURL
        return NSWorkspace.shared.runningApplications
            .first { $0.bundleURL?.standardizedFileURL == place }?.processIdentifier
    }
}
