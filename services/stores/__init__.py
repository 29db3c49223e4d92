"""The two DynamoDB tables: who is connected, and what waits for an answer."""
