import Observation

/// Rings when there is a question to the person: the window may be closed, or behind others.
@MainActor @Observable
public final class Doorbell {
    public private(set) var rings = 0

    public init() {}

    public nonisolated func ringing(before prompt: ConsentPrompt) -> ConsentPrompt {
        ConsentPrompt { request in
            await self.ring()
            return await prompt.ask(request)
        }
    }

    private func ring() {
        rings += 1
    }
}
