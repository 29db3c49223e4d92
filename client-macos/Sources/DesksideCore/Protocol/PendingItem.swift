/// One item of `ready.pending`. One that cannot be read does not cost the others.
struct PendingItem: Decodable {
    let request: MacRequest?

    init(from decoder: any Decoder) {
        do {
            request = try ServerMessage(from: decoder).request
        } catch {
            request = nil
        }
    }
}
