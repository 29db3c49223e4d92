"""The Strands agent that AgentCore Runtime hosts: it takes a turn at once and answers by itself."""
