"""AWS's side of every protocol, one process a part."""
