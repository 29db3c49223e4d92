"""The processes of a function: one invocation at a time each, more on demand, killed when they overrun."""

from __future__ import annotations

import asyncio
import collections
import contextlib
import os
import signal
import sys
import time
import uuid

from local.config import HOST, LocalConfig
from local.parts.functions.environment import ROOT, function_environment
from local.parts.functions.errors import too_many_requests
from local.parts.functions.invocations import Invocation, Outcome, failure
from local.parts.functions.runtime_api import RuntimeApi
from local.parts.functions.table import Function
from services.logs import get_logger

STARTING_AT_ONCE = max(2, os.cpu_count() or 1)
"""Processes of a function that start side by side. More would only share the same cores."""
SPAWN_AFTER = 0.025
"""Seconds an invocation waits for a busy process before another is started: a start takes a
second with the real imports, so a short queue is the quicker way."""
IDLE_SECONDS = 60.0
"""How long a process beyond the first may idle."""


def pass_through(line: bytes) -> None:
    """Write one whole line of a process to our stdout."""
    sys.stdout.flush()
    sys.stdout.buffer.write(line)
    sys.stdout.buffer.flush()


async def copy_lines(stream: asyncio.StreamReader) -> None:
    """Copy a process's output line by line, so that lines of several processes never mix."""
    rest = b""
    while chunk := await stream.read(65536):
        *lines, rest = (rest + chunk).split(b"\n")
        for line in lines:
            pass_through(line + b"\n")
    if rest:
        pass_through(rest + b"\n")


class Worker:
    """One process and the invocation it is busy with."""

    def __init__(self, pool: Pool) -> None:
        self.pool = pool
        self.timeout = pool.function.timeout
        self.port = 0
        self.polled = False
        self.current: Invocation | None = None
        self.idle_since = 0.0
        self.init_error: dict[str, object] | None = None
        self._process: asyncio.subprocess.Process | None = None
        self._poll: asyncio.Future[Invocation] | None = None
        self._timer: asyncio.TimerHandle | None = None

    async def run(self, api: RuntimeApi, config: LocalConfig) -> int:
        """Start the process and see it through to its end; returns its exit code."""
        function = self.pool.function
        self.port = await api.open(self)
        log_stream = f"{time.strftime('%Y/%m/%d')}/[{function.version}]{uuid.uuid4().hex}"
        try:
            self._process = await asyncio.create_subprocess_exec(
                sys.executable,
                "-m",
                "local.parts.functions.worker",
                function.handler,
                env=function_environment(config, function, f"{HOST}:{self.port}", log_stream),
                cwd=ROOT,
                # The process ends when this pipe closes, so it cannot outlive us.
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.PIPE,
                start_new_session=True,
            )
            assert self._process.stdout and self._process.stderr
            copies = [
                asyncio.create_task(copy_lines(stream)) for stream in (self._process.stdout, self._process.stderr)
            ]
            code = await self._process.wait()
            self.kill()
            # A grandchild that left the group may hold the pipes open.
            await asyncio.wait(copies, timeout=1)
            for copy in copies:
                copy.cancel()
            return code
        finally:
            self.kill()
            await api.close(self.port)

    def kill(self) -> None:
        """End the process and whatever it started, at once."""
        if self._process is not None:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self._process.pid, signal.SIGKILL)
        if self._timer:
            self._timer.cancel()
        if self._poll and not self._poll.done():
            self._poll.cancel()

    # What the Runtime API calls

    async def next(self) -> Invocation:
        """The process is free: wait for its next invocation."""
        self.polled = True
        poll = self._poll = asyncio.get_running_loop().create_future()
        self.idle_since = time.monotonic()
        self.pool.is_free(self)
        return await poll

    def answer(self, request_id: str, payload: bytes, *, failed: bool) -> bool:
        """The handler's answer; False when it is not for the current invocation."""
        invocation = self.current
        if invocation is None or invocation.request_id != request_id:
            return False
        self.current = None
        if self._timer:
            self._timer.cancel()
        invocation.finish(payload, "error" if failed else None)
        return True

    def init_failed(self, error: dict[str, object]) -> None:
        """The handler's module could not be loaded; the process exits next."""
        self.init_error = error

    # What the pool calls

    @property
    def available(self) -> bool:
        """It asked for work and is still there."""
        return self._poll is not None and not self._poll.done()

    def assign(self, invocation: Invocation) -> None:
        """Hand an invocation to the free process."""
        assert self._poll
        self.current = invocation
        self._timer = asyncio.get_running_loop().call_later(self.timeout, self._overran)
        invocation.begin()
        self._poll.set_result(invocation)

    def _overran(self) -> None:
        invocation, self.current = self.current, None
        if invocation is not None:
            message = f"RequestId: {invocation.request_id} Error: Task timed out after {self.timeout:.2f} seconds"
            invocation.finish(failure("Sandbox.Timedout", message), "timeout")
        self.kill()

    def lost(self, code: int) -> None:
        """The process ended: its invocation, if any, fails as on Lambda."""
        invocation, self.current = self.current, None
        if invocation is not None:
            how = f"signal: {signal.Signals(-code).name}" if code < 0 else f"exit status {code}"
            message = f"RequestId: {invocation.request_id} Error: Runtime exited with error: {how}"
            invocation.finish(failure("Runtime.ExitError", message), "error")

    def startup_fault(self, code: int) -> tuple[str, str] | None:
        """Error type and message when the process never got ready."""
        if self.polled:
            return None
        error = self.init_error or {}
        kind = str(error.get("errorType") or "Runtime.ExitError")
        return kind, str(error.get("errorMessage") or f"the process ended with status {code} before it was ready")


class StartupError(RuntimeError):
    """The first process of a function could not load its handler."""

    def __init__(self, function: Function, kind: str, message: str) -> None:
        super().__init__(f"{function.name}: {kind}: {message}")
        self.function, self.kind, self.message = function, kind, message


class Pool:
    """The processes of one function."""

    def __init__(self, function: Function, config: LocalConfig, api: RuntimeApi) -> None:
        self.function = function
        self.ready: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        """Done once the first process has asked for work; fails with StartupError."""
        self._config, self._api = config, api
        self._workers: set[Worker] = set()
        self._free: list[Worker] = []
        self._waiting: collections.deque[Invocation] = collections.deque()
        self._running = 0
        self._closed = False
        self._growth: asyncio.TimerHandle | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    def start(self) -> None:
        """Start the warm process and the reaper."""
        self._spawn()
        self._keep(asyncio.create_task(self._reap()))

    def stop(self) -> None:
        """Kill every process; what was in flight is dropped."""
        self._closed = True
        for worker in self._workers:
            worker.kill()
        for task in self._tasks:
            task.cancel()

    async def invoke(self, invocation: Invocation) -> Outcome:
        """Run an invocation in a process.

        Raises:
            LambdaError: TooManyRequestsException beyond the function's concurrency.
        """
        if self._running >= self.function.concurrency:
            raise too_many_requests()
        self._running += 1
        try:
            # The last one used first; the others can then be reaped.
            while self._free and not self._free[-1].available:
                self._free.pop()
            if self._free:
                self._free.pop().assign(invocation)
            else:
                self._waiting.append(invocation)
                self._consider_growth()
            return await invocation.outcome
        finally:
            self._running -= 1

    def is_free(self, worker: Worker) -> None:
        """A process asks for work."""
        if not self.ready.done():
            self.ready.set_result(None)
        if self._waiting:
            worker.assign(self._waiting.popleft())
        else:
            self._free.append(worker)

    @property
    def size(self) -> int:
        return len(self._workers)

    def _consider_growth(self) -> None:
        if self._growth is None and self._waiting and not self._closed:
            delay = SPAWN_AFTER if self._workers else 0
            self._growth = asyncio.get_running_loop().call_later(delay, self._grow)

    def _grow(self) -> None:
        self._growth = None
        starting = sum(not worker.polled for worker in self._workers)
        room = min(STARTING_AT_ONCE - starting, self.function.processes - self.size, len(self._waiting) - starting)
        for _ in range(room):
            self._spawn()
        if self._waiting and self.size < self.function.processes:
            self._consider_growth()

    def _spawn(self) -> None:
        worker = Worker(self)
        self._workers.add(worker)
        self._keep(asyncio.create_task(self._see_through(worker)))

    async def _see_through(self, worker: Worker) -> None:
        code = await worker.run(self._api, self._config)
        self._workers.discard(worker)
        if worker in self._free:
            self._free.remove(worker)
        worker.lost(code)
        if self._closed:
            return
        if fault := worker.startup_fault(code):
            if not self.ready.done():
                self.ready.set_exception(StartupError(self.function, *fault))
                return
            get_logger().error(
                "worker_failed_to_start", function=self.function.name, error_type=fault[0], error_message=fault[1]
            )
            # Someone waits for this process: without an answer they would wait for ever.
            if self._waiting:
                self._waiting.popleft().finish(failure(*fault), "error")
        elif not self._workers:
            self._spawn()
        self._consider_growth()

    async def _reap(self) -> None:
        while True:
            await asyncio.sleep(IDLE_SECONDS / 4)
            # The list is a stack: its front has idled longest.
            while self.size > 1 and self._free and time.monotonic() - self._free[0].idle_since > IDLE_SECONDS:
                worker = self._free.pop(0)
                self._workers.discard(worker)
                worker.kill()

    def _keep(self, task: asyncio.Task[None]) -> None:
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
