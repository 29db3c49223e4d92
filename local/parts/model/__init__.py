"""Bedrock's Converse API on loopback, answered by a deterministic model that needs no network."""
