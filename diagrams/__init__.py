"""Pictures of the system, made from what it is and does: `make diagrams`."""
