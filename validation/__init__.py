"""Proof without an AWS account: the recorded resource graph, held against the rules that AWS and we have."""
