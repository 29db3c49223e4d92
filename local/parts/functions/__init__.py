"""The local Lambda endpoint: Invoke, durable executions and the processes the handlers run in."""
