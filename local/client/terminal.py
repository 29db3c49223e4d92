"""What a chat looks like: rich on a terminal, plain text in a pipe."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator
from typing import Protocol

from prompt_toolkit import PromptSession
from prompt_toolkit.formatted_text import FormattedText
from prompt_toolkit.patch_stdout import patch_stdout
from rich.console import Console
from rich.live import Live
from rich.markdown import Markdown
from rich.panel import Panel
from rich.text import Text

from local.client.lifecycle import ConnectionState
from local.client.mac import ConsentRequest
from local.client.wire import TurnEvent
from services.contract.messages import Activity, Answer, AnswerDelta, ChatAccepted, Error
from services.contract.tools import Risk

PREVIEW_LINES = 30


class Screen(Protocol):
    """Where a chat takes place."""

    async def prompt(self) -> str | None:
        """The next line of the person, or None when there is no more."""
        ...

    async def turn(self, events: AsyncIterator[TurnEvent]) -> bool:
        """Show one turn; returns whether it ended with an answer."""
        ...

    async def consent(self, request: ConsentRequest) -> bool:
        """Ask the person; anything but a clear yes is a no."""
        ...

    def note(self, text: str) -> None:
        """Show a remark of the client's own."""
        ...

    def state(self, state: ConnectionState, detail: str) -> None:
        """Show what the connection does."""
        ...


def question(request: ConsentRequest) -> str:
    """What the person is asked, in the client's own words."""
    details = ", ".join(f"{name}={value}" for name, value in request.fields.items())
    what = f"{request.action}({details})"
    if request.risk is Risk.COLLECT:
        size = len((request.content or "").encode())
        return f"The agent asks for {what}. Send {size} bytes, the output of {', '.join(request.programs)}?"
    return f"The agent wants to change this Mac: {what}. Allow it?"


class PlainScreen:
    """Answers on stdout and everything else on stderr; nobody is there to be asked."""

    async def prompt(self) -> str | None:
        line = await asyncio.to_thread(sys.stdin.readline)
        return line.strip() if line else None

    async def turn(self, events: AsyncIterator[TurnEvent]) -> bool:
        streamed = ""
        async for event in events:
            if isinstance(event, AnswerDelta):
                streamed += event.data.text
            elif isinstance(event, Activity):
                self.note(_activity_text(event))
            elif isinstance(event, Answer):
                print(streamed if event.data.truncated else event.data.text, flush=True)
                return True
            elif isinstance(event, Error):
                self.note(_error_text(event))
        return False

    async def consent(self, request: ConsentRequest) -> bool:
        self.note(f"{question(request)} Declined: nobody can be asked here (--yes accepts).")
        return False

    def note(self, text: str) -> None:
        print(text, file=sys.stderr, flush=True)

    def state(self, state: ConnectionState, detail: str) -> None:
        if state in (ConnectionState.WAITING, ConnectionState.STOPPED) and detail:
            self.note(f"connection {state.value}: {detail}")


class TerminalScreen:
    """A conversation on a terminal: streamed Markdown, a prompt, and questions before the Mac obeys."""

    def __init__(self, console: Console | None = None) -> None:
        self._console = console or Console()
        self._session: PromptSession[str] = PromptSession()
        self._live: Live | None = None
        self._state = ConnectionState.CONNECTING
        # Two requests may need consent at once; a person can answer one question at a time.
        self._asking = asyncio.Lock()

    async def prompt(self) -> str | None:
        def mark() -> FormattedText:
            ready = self._state is ConnectionState.READY
            return FormattedText([("ansigreen" if ready else "ansiyellow", "● "), ("bold", "you > ")])

        try:
            with patch_stdout(raw=True):
                return (await self._session.prompt_async(mark, refresh_interval=0.5)).strip()
        except (EOFError, KeyboardInterrupt):
            return None

    async def turn(self, events: AsyncIterator[TurnEvent]) -> bool:
        streamed, answered = "", False
        with Live(console=self._console, refresh_per_second=12, vertical_overflow="visible") as live:
            self._live = live
            try:
                async for event in events:
                    if isinstance(event, AnswerDelta):
                        streamed += event.data.text
                    elif isinstance(event, Activity):
                        # The person reads on from here: what was said before the activity stays above it.
                        self._console.print(Text(f"  · {_activity_text(event)}", style="dim"))
                    elif isinstance(event, ChatAccepted) and event.data.status == "queued":
                        self._console.print(Text(f"  · queued, {event.data.position} before it", style="dim"))
                    elif isinstance(event, Answer):
                        answered = True
                        streamed = streamed if event.data.truncated else event.data.text
                    elif isinstance(event, Error):
                        self._console.print(Text(f"  ✗ {_error_text(event)}", style="red"))
                    live.update(Markdown(streamed))
            finally:
                self._live = None
        return answered

    async def consent(self, request: ConsentRequest) -> bool:
        async with self._asking:
            live = self._live
            if live is not None:
                live.stop()
            try:
                if request.content is not None:
                    self._console.print(Panel(_preview(request.content), title="would be sent", border_style="yellow"))
                asked: PromptSession[str] = PromptSession()
                answer = await asked.prompt_async(f"{question(request)} [y/N] ")
            except (EOFError, KeyboardInterrupt):
                answer = ""
            finally:
                if live is not None and live is self._live:
                    live.start()
        return answer.strip().lower() in ("y", "yes")

    def note(self, text: str) -> None:
        self._console.print(Text(text, style="dim"))

    def state(self, state: ConnectionState, detail: str) -> None:
        self._state = state
        if state in (ConnectionState.WAITING, ConnectionState.STOPPED) and detail:
            self.note(f"○ {state.value}: {detail}")


def _preview(content: str) -> Text:
    lines = content.splitlines()
    shown = lines[:PREVIEW_LINES]
    if len(lines) > PREVIEW_LINES:
        shown.append(f"… and {len(lines) - PREVIEW_LINES} lines more")
    # Text, not markup: what is shown was not written by us.
    return Text("\n".join(shown))


def _activity_text(event: Activity) -> str:
    return f"{event.data.message}: {event.data.outcome}" if event.data.outcome else f"{event.data.message} …"


def _error_text(error: Error) -> str:
    detail = f" ({error.data.detail})" if error.data.detail else ""
    return f"{error.data.message}{detail}"
