"""What neither the resource graph nor the recorded demo can say."""

IMAGE_GB = 0.3
"""One compressed agent image."""
CONNECTED_MINUTES = 10
"""Of the Mac, for one conversation."""
TALK_MINUTES = 5
"""From the first prompt to the last answer, with reading and typing. Then AgentCore waits its idle time."""
AGENT_GB = 0.5
"""Memory of the agent's microVM, system included. The agent's modules alone took 0.1 GB on this machine."""
START_CPU_SECONDS = 5
"""Of one vCPU, until a new microVM answers."""
CHARACTERS_PER_TOKEN = 4
CALL_INPUT_TOKENS = 1_500
"""Of one model call: instructions and tool schemas are about 750, the rest is the conversation so far."""
CALL_OUTPUT_TOKENS = 200
LOG_LINE_BYTES = 400
PLATFORM_LINES = 3
"""That Lambda writes for each invocation."""
SPAN_KB_PER_INVOCATION = 10
"""Spans of one Lambda invocation or model call and of what it calls."""
SESSION_WRITES, SESSION_READS = 12, 12
"""S3 requests of one turn."""
SOCKET_WRITES = 3
"""Items written for connecting, `hello` and disconnecting; the recording begins after them."""
SOCKET_INVOCATIONS = 3
"""Authorizer, `$connect` and `$disconnect`, likewise. `hello` is in the recording."""
WRITE_UNITS = 2
"""For each write: the connections table has an index that is written too. Too much for the other table."""
TRANSITIONS = 3
"""Start, the task that waits, end: a Step Functions workflow of one state."""
WAITING_OPERATIONS, OTHER_OPERATIONS = 3, 2
"""Start, callback and push; or start and push (Lambda developer guide, "Durable execution SDK")."""
