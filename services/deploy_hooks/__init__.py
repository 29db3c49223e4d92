"""Lambda functions that run only while the stack is deployed, started by `pulumi up`."""
