"""The durable Lambda behind every tool: pushes to the person's Mac and waits at no cost."""
