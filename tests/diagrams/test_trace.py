"""Recordings are kept as they were, and hold nothing a person said."""

from __future__ import annotations

import json
from pathlib import Path

from diagrams import trace
from diagrams.__main__ import RECORDING
from diagrams.trace import PROMPTS, SHOWN, Event, Recording


def test_what_is_written_is_read_back(tmp_path: Path) -> None:
    recordings = [
        Recording("a", "Is “it” up?", (Event(0.0, "mac", "chat_sent", {}), Event(1.5, "agent", "x", {"tool": "t"}))),
        Recording("b", "And now?", (Event(2.0, "mac", "chat_sent", {}),)),
    ]
    trace.write(recordings, tmp_path / "flows.json")
    assert trace.read(tmp_path / "flows.json") == recordings
    assert json.loads((tmp_path / "flows.json").read_text())[0]["prompt"] == "Is “it” up?"


def test_the_kept_recording_has_all_three_patterns_and_only_harmless_fields() -> None:
    recordings = trace.read(RECORDING)
    assert [recording.name for recording in recordings] == list(PROMPTS)
    for recording in recordings:
        assert {key for event in recording.events for key in event.fields} <= set(SHOWN)
        moments = [event.at_ms for event in recording.events]
        assert moments == sorted(moments)
