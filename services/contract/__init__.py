"""The one declaration of tools and wire messages that everything else is driven by."""
