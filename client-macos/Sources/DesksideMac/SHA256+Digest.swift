import CryptoKit
import Foundation

extension SHA256 {
    @Sendable static func digest(_ data: Data) -> Data {
        Data(hash(data: data))
    }
}
