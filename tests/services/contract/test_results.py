"""The typed failures and the results of the original demo."""

from __future__ import annotations

import pytest

from services.contract.results import SENT_TO_CLIENT, SENTENCES, Failure, failure
from services.contract.tools import REGISTRY


def test_the_original_results_to_the_letter() -> None:
    assert SENT_TO_CLIENT == {"status": "sent_to_client"}
    status, logs = REGISTRY.by_name["get_vpn_status"].answer, REGISTRY.by_name["analyze_logs"].answer
    assert status is not None
    assert logs is not None
    assert status.result('{"vpn_status": "connected"}') == {
        "status": "connected",
        "message": "VPN status retrieved from client.",
    }
    assert logs.result("line 1\nline 2") == {
        "status": "logs_received",
        "log_data": "line 1\nline 2",
        "message": "Please analyze the log_data for issues.",
    }


def test_the_failures_by_name() -> None:
    assert {kind.value for kind in Failure} == {
        "client_offline",
        "timed_out",
        "declined",
        "failed",
        "invalid_arguments",
    }


@pytest.mark.parametrize("kind", list(Failure))
def test_every_failure_has_a_sentence_of_its_own(kind: Failure) -> None:
    assert failure(kind) == {"status": kind.value, "message": SENTENCES[kind]}
    assert len(SENTENCES[kind]) > 20
    assert list(SENTENCES.values()).count(SENTENCES[kind]) == 1


def test_reason_and_detail_are_there_only_when_known() -> None:
    assert failure(Failure.FAILED, reason="not_installed", detail="No Cisco client.") == {
        "status": "failed",
        "message": SENTENCES[Failure.FAILED],
        "reason": "not_installed",
        "detail": "No Cisco client.",
    }
    assert failure(Failure.FAILED, reason="", detail="") == failure(Failure.FAILED)


def test_a_failure_cannot_be_taken_for_a_success() -> None:
    successes = {"sent_to_client", "logs_received", "connected", "disconnected", "connecting", "disconnecting"}
    successes |= {"reconnecting", "unknown"}
    assert not successes & {kind.value for kind in Failure}
