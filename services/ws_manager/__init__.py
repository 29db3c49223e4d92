"""The Lambda behind every route of the WebSocket API, and its `$connect` authorizer."""
