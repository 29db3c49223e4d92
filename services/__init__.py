"""Code that is deployed: two Lambda functions, the agent, and what they share."""
