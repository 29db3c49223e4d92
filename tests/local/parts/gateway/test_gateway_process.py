"""The gateway as a process."""

from __future__ import annotations

import concurrent.futures
import json
import time
from pathlib import Path

import httpx
from strands.tools.mcp import MCPClient

from local.config import GATEWAY_TARGET
from tests.local.parts.gateway.world import IDS, STATUS_CALL, Bearer, World, call
from tests.local.parts.processes import PartProcess, configured


def test_process_logs_calls_without_values_and_stops_with_one_pending(tmp_path: Path) -> None:
    config = configured(tmp_path)
    with (
        World(config, with_gateway=False) as world,
        PartProcess("gateway", config) as part,
    ):
        assert json.loads(part.line())["event"] == "started"
        part.tells_a_taken_port()
        while httpx.get(f"{config.url('gateway')}/health").status_code != 200:
            time.sleep(0.01)
        token = world.token()
        with MCPClient(url=config.gateway_url, auth_provider=Bearer(token)) as connected:
            call(connected, "get_vpn_status", {**STATUS_CALL, "query": "private words"})
            lines = [part.line() for _ in range(2)]
            before, after = (json.loads(line) for line in lines)
            assert before["event"] == "tool_called"
            assert after["event"] == "tool_returned"
            assert after["status"] == "ok"
            assert after["duration_ms"] > 0
            assert {name: after[name] for name in IDS} == IDS
            assert after["tool"] == f"{GATEWAY_TARGET}___get_vpn_status"
            assert not any("private words" in line or token in line for line in lines)

            world.lambda_seconds = 5.0
            body = {
                "jsonrpc": "2.0",
                "id": 1,
                "method": "tools/call",
                "params": {"name": f"{GATEWAY_TARGET}___get_vpn_status", "arguments": STATUS_CALL},
            }
            headers = {"Accept": "application/json, text/event-stream", "Authorization": f"Bearer {token}"}
            with concurrent.futures.ThreadPoolExecutor(1) as pool:
                pending = pool.submit(httpx.post, config.gateway_url, json=body, headers=headers, timeout=10)
                assert json.loads(part.line())["event"] == "tool_called"
                part.stops_at_once()
                pending.exception(timeout=5)
