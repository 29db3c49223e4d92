/// What a connection tells its owner.
public enum ConnectionEvent: Sendable, Equatable {
    case state(ConnectionState)
    case turn(TurnEvent)
}
