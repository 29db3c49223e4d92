"""A demo, recorded: what each part logged while a prompt was answered."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from local.config import LocalConfig
from local.demo import CONNECT, LOGS, STATUS, Demo, Stage
from local.supervisor import LogLine

SHOWN = ("route", "event_name", "tool", "action", "command", "log_type", "outcome", "status", "billed_ms", "waited_ms")
"""Fields of a log line that a picture may need. None of them holds what people say or own."""


@dataclass(frozen=True, slots=True)
class Event:
    """One log line of the recording."""

    at_ms: float
    """Since the prompt was sent."""
    service: str
    event: str
    fields: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Recording:
    """One prompt and everything that happened until it was answered."""

    name: str
    prompt: str
    events: tuple[Event, ...]


PROMPTS = {"run_client_command": CONNECT, "get_vpn_status": STATUS, "analyze_logs": LOGS}
"""The prompt for each of the three patterns, by the tool that it leads to."""


async def record_demo(config: LocalConfig) -> list[Recording]:
    """Run the demo on a local stack, and keep what was logged.

    Raises:
        StackError, DemoFailedError: the demo did not do what it should.
    """
    demo = _RecordedDemo(config, Stage(brief=True))
    try:
        await demo.run(list(PROMPTS.values()))
    finally:
        await demo.supervisor.stop()
    return [_recording(name, *kept) for name, kept in zip(PROMPTS, demo.kept, strict=True)]


class _RecordedDemo(Demo):
    kept: list[tuple[str, float, list[LogLine]]]

    async def run(self, prompts: list[str]) -> list[str | None]:
        self.kept = []
        return await super().run(prompts)

    async def _ask(self, connection: Any, prompt: str) -> str | None:
        proven = await super()._ask(connection, prompt)
        self.kept.append((prompt, self.timeline.began, self.timeline.lines))
        return proven


def _recording(name: str, prompt: str, began: float, lines: list[LogLine]) -> Recording:
    events = [
        Event(
            at_ms=round((float(line["timestamp"]) - began) * 1000, 1),
            service=str(line["service"]),
            event=str(line["event"]),
            fields={key: line[key] for key in SHOWN if key in line},
        )
        for line in lines
    ]
    return Recording(name, prompt, tuple(sorted(events, key=lambda event: event.at_ms)))


def write(recordings: list[Recording], path: Path) -> None:
    """Keep recordings as JSON, an event a line."""
    parts: list[str] = []
    for recording in recordings:
        events = ",\n".join(f"    {json.dumps(asdict(event), ensure_ascii=False)}" for event in recording.events)
        head = json.dumps({"name": recording.name, "prompt": recording.prompt}, ensure_ascii=False)[:-1]
        parts.append(f'  {head}, "events": [\n{events}\n  ]}}')
    path.write_text("[\n" + ",\n".join(parts) + "\n]\n", encoding="utf-8")


def read(path: Path) -> list[Recording]:
    """What `write` kept."""
    return [
        Recording(kept["name"], kept["prompt"], tuple(Event(**event) for event in kept["events"]))
        for kept in json.loads(path.read_text(encoding="utf-8"))
    ]
