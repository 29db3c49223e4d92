import Foundation
import Testing

@testable import DesksideCore

@Test(arguments: [
    ("https://example.com/help", true), ("HTTPS://example.com", true),
    ("http://example.com", false), ("file:///etc/passwd", false), ("x-apple.systempreferences:", false),
    ("https://user:word@example.com", false), ("https:///nowhere", false), ("javascript:alert(1)", false),
    ("deskside://signed-in?code=1", false), ("/relative", false),
])
func onlyPlainWebLinksCanBeClicked(_ link: String, _ expected: Bool) throws {
    #expect(WebLink.mayOpen(try #require(URL(string: link))) == expected)
}
