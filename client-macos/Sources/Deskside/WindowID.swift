/// The windows' names for SwiftUI.
enum WindowID {
    static let chat = "chat"
    static let history = "history"
}
