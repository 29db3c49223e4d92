import DesksideCore
import Foundation

extension Configuration {
    /// In the person's Application Support, else in the app itself.
    public static var placesOnThisMac: [URL] {
        places(applicationSupport: .applicationSupportDirectory, bundle: Bundle.main.resourceURL)
    }
}
