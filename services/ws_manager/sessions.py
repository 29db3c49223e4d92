"""From a person and their client's session name to the session AWS sees."""

from __future__ import annotations

import hashlib


def derive_session_id(owner: str, session_name: str) -> str:
    """The session id that AgentCore, DynamoDB and the agent know.

    The owner comes from the verified token, so nobody can name another person's session,
    whatever session name they send.

    Args:
        owner: the token's subject.
        session_name: what the client calls its conversation.

    Returns:
        36 lower-case hex characters (144 bits): valid as a runtimeSessionId, which must have
        33 to 100 characters of `[a-zA-Z0-9-_]`.
    """
    # The length in front keeps ("ab", "c") and ("a", "bc") apart.
    material = f"deskside:{len(owner)}:{owner}:{session_name}"
    return hashlib.sha256(material.encode()).hexdigest()[:36]
