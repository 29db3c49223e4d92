"""The proof of the demo can fail, in every direction."""

from __future__ import annotations

import json

import pytest

from local.client.faults import MacFault
from local.client.handlers import Fields
from local.client.mac import SimulatedMac
from local.client.wire import MacRequest
from local.demo import given_prompts
from local.proof import CONNECT, LOGS, STATUS, NotTrueError, Witness, prove


def _mac(*, connected: bool = False, fault: MacFault = MacFault.DTLS_BLOCKED) -> SimulatedMac:
    return SimulatedMac(vpn_connected=connected, transition_seconds=0.0, fault=fault)


async def _proven(
    mac: SimulatedMac, prompt: str, answer: str, action: str | None, verbatim: bool = True, **fields: str
) -> str | None:
    witness = Witness(mac, verbatim=verbatim)
    if action:
        callback = None if action == "run_client_command" else "cb-" + "0" * 32
        given: Fields = fields
        await mac.handle(MacRequest(action=action, fields=given, callback_id=callback))
    return prove(prompt, await witness.evidence(answer))


async def test_a_connection_is_proven_by_the_command_and_the_state() -> None:
    proven = await _proven(_mac(), CONNECT, "Sent.", "run_client_command", command="connect_vpn")
    assert proven == "the simulated Mac's VPN was disconnected and is connected now, by the command that arrived"


async def test_a_vpn_that_was_connected_anyway_proves_nothing() -> None:
    with pytest.raises(NotTrueError, match="no command to connect arrived"):
        await _proven(_mac(connected=True), CONNECT, "Sent.", None)


async def test_a_vpn_that_cannot_connect_is_told() -> None:
    with pytest.raises(NotTrueError, match="not connected"):
        mac = _mac(fault=MacFault.CERTIFICATE_EXPIRED)
        await _proven(mac, CONNECT, "Sent.", "run_client_command", command="connect_vpn")


@pytest.mark.parametrize("connected", [True, False])
async def test_the_status_is_compared_by_whole_words(connected: bool) -> None:
    right, wrong = ("connected", "disconnected") if connected else ("disconnected", "connected")
    told = f"Your VPN is {right}."
    assert await _proven(_mac(connected=connected), STATUS, told, "get_vpn_status")
    for lie in (f"Your VPN is {wrong}.", "All is well.", f"It is {right}, or {wrong}."):
        with pytest.raises(NotTrueError, match=f"the Mac says {right}"):
            await _proven(_mac(connected=connected), STATUS, lie, "get_vpn_status")


async def test_a_status_the_mac_was_not_asked_for_is_not_believed() -> None:
    with pytest.raises(NotTrueError, match="did not come from it"):
        await _proven(_mac(), STATUS, "Your VPN is disconnected.", None)


async def test_an_earlier_prompts_answer_is_no_evidence() -> None:
    mac = _mac()
    await _proven(mac, STATUS, "disconnected", "get_vpn_status")
    with pytest.raises(NotTrueError):
        await _proven(mac, STATUS, "disconnected", None)


async def test_the_fault_must_be_in_the_logs_and_in_the_answer() -> None:
    mac = _mac(connected=True)
    fault = str(mac.fault_line)
    assert fault in str(await _proven(mac, LOGS, f"I found: {fault}", "request_logs", log_type="vpn"))
    with pytest.raises(NotTrueError, match="does not name the fault"):
        await _proven(mac, LOGS, "Everything is fine; DTLS too.", "request_logs", log_type="vpn")
    with pytest.raises(NotTrueError, match="never left the Mac"):
        await _proven(mac, LOGS, f"I found: {fault}", "request_logs", log_type="network")


async def test_a_real_model_may_use_its_own_words() -> None:
    mac = _mac(connected=True)
    assert await _proven(mac, LOGS, "UDP is blocked, so it fell back.", "request_logs", verbatim=False, log_type="vpn")
    with pytest.raises(NotTrueError):
        await _proven(mac, LOGS, "Everything is fine.", "request_logs", verbatim=False, log_type="vpn")


async def test_other_prompts_promise_an_answer_only() -> None:
    assert await _proven(_mac(), "Hello", "Hello.", None) is None
    with pytest.raises(NotTrueError, match="empty"):
        await _proven(_mac(), "Hello", "  ", None)


def test_prompts_in_double_quotes_or_one_as_it_is() -> None:
    assert given_prompts("") == []
    assert given_prompts("What's my VPN status?") == ["What's my VPN status?"]
    assert given_prompts('"What\'s up?" "and `id` $HOME"') == ["What's up?", "and `id` $HOME"]
    assert json.dumps(given_prompts("[/foo] [bold]x[/bold]")) == '["[/foo] [bold]x[/bold]"]'
