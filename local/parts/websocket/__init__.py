"""API Gateway's WebSocket API on this machine: the sockets, the authorizer, the routes, `@connections`."""
