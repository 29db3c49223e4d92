"""A headless client: signs a person in, holds the WebSocket and plays their Mac."""
