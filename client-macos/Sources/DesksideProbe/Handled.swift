/// Something the simulated Mac was asked.
struct Handled: Encodable {
    let op = "handled"
    let task: String
    let outcome: String
}
