"""The whole system on one machine: AWS's side of every protocol, on loopback, no account needed."""
