/// The script that presses Connect, and what its answers mean. A constant: nothing is ever put into it.
public enum ConnectScript {
    public static let source = """
        with timeout of 10 seconds
            tell application "System Events"
                if not (exists process "Cisco Secure Client") then return "missing"
                tell process "Cisco Secure Client"
                    repeat with candidate in (windows whose name starts with "Cisco Secure Client")
                        if exists (buttons of candidate whose name is "Connect" and enabled is true) then
                            click (first button of candidate whose name is "Connect" and enabled is true)
                            return "pressed"
                        end if
                        if exists (buttons of candidate whose name is "Disconnect") then return "connected"
                    end repeat
                end tell
            end tell
        end timeout
        return "missing"
        """

    public static func press(for answer: String?) -> VPNWindow.Press {
        switch answer {
        case "pressed": .pressed
        case "connected": .alreadyConnected
        default: .notFound
        }
    }
}
