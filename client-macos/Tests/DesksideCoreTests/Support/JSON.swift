import Foundation
import Testing

/// A message as nested Foundation values, which compare by value.
func json(_ text: String) throws -> NSDictionary {
    try #require(try JSONSerialization.jsonObject(with: Data(text.utf8)) as? NSDictionary)
}
