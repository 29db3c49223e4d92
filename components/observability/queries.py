"""CloudWatch Logs Insights queries, saved by name.

The console shows them in a folder named after the environment. Our ids are the same on every hop, so
a query over all log groups follows one conversation, one turn or one tool call from the socket to
the Mac and back.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from components.observability.log_metrics import Service

_HOPS = "fields fromMillis(timestamp * 1000) as at, service, event, level"


@dataclass(frozen=True, slots=True)
class Query:
    """One saved query."""

    name: str
    text: str
    services: tuple[Service, ...] = tuple(Service)


QUERIES: Sequence[Query] = (
    Query(
        "one conversation",
        f"{_HOPS}, request_id, tool_call_id, callback_id, tool, outcome, code, reason\n"
        '| filter session_id = "the 36 characters from any line"\n'
        "| sort timestamp asc\n| limit 1000",
    ),
    Query(
        "one turn",
        f"{_HOPS}, tool_call_id, callback_id, tool, outcome, code, reason, seconds\n"
        '| filter request_id = "the id from the client"\n'
        "| sort timestamp asc\n| limit 1000",
    ),
    Query(
        "one tool call",
        f"{_HOPS}, tool, action, step, outcome, code, reason, waited_seconds, seconds\n"
        '| filter tool_call_id = "call-…"\n'
        "| sort timestamp asc\n| limit 1000",
    ),
    Query(
        "errors by event",
        'filter level = "error"\n'
        "| stats count(*) as lines, max(timestamp) as latest by service, event, reason, code\n"
        "| sort lines desc",
    ),
    Query(
        "latest errors",
        f"{_HOPS}, session_id, request_id, reason, code, exception\n"
        '| filter level = "error"\n| sort timestamp desc\n| limit 100',
    ),
    Query(
        "turns that went wrong",
        f"{_HOPS}, session_id, request_id, reason\n"
        '| filter event in ["turn_failed", "turn_timed_out", "turn_cancelled", "turn_crashed", '
        '"turn_end_undelivered", "gateway_unreachable"]\n'
        "| sort timestamp desc\n| limit 200",
        (Service.AGENT,),
    ),
    Query(
        "tool calls by tool and outcome",
        'filter event = "tool_call_returned"\n'
        "| stats count(*) as calls, avg(seconds) as mean, pct(seconds, 90) as p90, max(seconds) as longest "
        "by tool, outcome\n"
        "| sort calls desc",
        (Service.AGENT,),
    ),
    Query(
        "waits for a Mac",
        'filter event = "callback_completed"\n'
        "| stats count(*) as answers, pct(waited_seconds, 50) as p50, pct(waited_seconds, 90) as p90, "
        "max(waited_seconds) as longest by tool, outcome",
        (Service.WS_MANAGER,),
    ),
    Query(
        "refused connections",
        'filter event in ["connect_refused", "connect_undecided"]\n'
        "| stats count(*) as connections by event, reason, bin(5m)\n| sort connections desc",
        (Service.AUTHORIZER,),
    ),
    Query(
        "dead sockets",
        f"{_HOPS}, session_id, connection_id, reason\n"
        '| filter event in ["connection_gone", "push_offline", "push_unconfirmed", "reply_lost", '
        '"turn_end_undelivered"]\n'
        "| sort timestamp desc\n| limit 500",
    ),
)


def create_queries(
    name: str, folder: str, log_groups: Mapping[Service, pulumi.Input[str]], opts: pulumi.ResourceOptions
) -> None:
    """Save every query.

    Args:
        name: prefix of the logical names.
        folder: under which the console shows them.
        log_groups: their names.
        opts: of every query.
    """
    for query in QUERIES:
        aws.cloudwatch.QueryDefinition(
            f"{name}-{query.name.replace(' ', '-')}",
            name=f"{folder}/{query.name}",
            query_string=query.text,
            log_group_names=[log_groups[service] for service in query.services],
            opts=opts,
        )
