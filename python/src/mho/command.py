"""One command of mho in a process of its own, followed by its events."""

from __future__ import annotations

import json
import os
import queue
import shutil
import signal
import subprocess
import threading
import time
from collections import deque
from pathlib import Path
from typing import IO, Any, Callable, Deque, Dict, Iterator, List, Mapping, Optional, Sequence, SupportsIndex, Union

from .errors import CommandNotFound, MhoError, StandbyFailed, error_of

Event = Dict[str, Any]
"""One line of `--json`, with `type`, `time`, `seq` and `version`; docs/events.md lists them."""

Executable = Union[None, str, "os.PathLike[str]", Sequence[str]]

Word = Union[str, "os.PathLike[str]", float, SupportsIndex]
"""One word of a command line: text, a path or a number."""


class Command:
    """A command that was started. Iterate over it for its events; `wait` gives its result, `stop` ends it.

    Ctrl-C reaches this process alone: the command has a process group of its own, and is told to stop by it.
    """

    def __init__(
        self,
        words: Sequence[Word],
        mho: Executable = None,
        listener: Optional[Callable[[Event], None]] = None,
        environment: Optional[Mapping[str, str]] = None,
    ) -> None:
        """
        :param words: the command and what it takes, such as `["resume", "r2"]`; `--json` is added. Numbers and paths become text.
        :param listener: is given each event when it is read.
        :param environment: variables that the command has beside those of this process.
        :raises CommandNotFound: where mho is not found or does not start.
        """
        self.words: List[str] = [*find_command(mho), *map(text_of, words), "--json"]
        self.result: Optional[Event] = None
        self.error: Optional[Event] = None
        self._lines: "queue.Queue[Optional[str]]" = queue.Queue()
        self._stderr: Deque[str] = deque(maxlen=20)
        self._ended = False
        self._listener = listener
        try:
            self._process = subprocess.Popen(
                self.words,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                encoding="utf-8",
                env={**os.environ, **(environment or {})},
                errors="replace",
                start_new_session=os.name == "posix",
                creationflags=getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0),
            )
        except OSError as failure:
            raise CommandNotFound(
                "no-command", f"{self.words[0]} could not be started: {failure.strerror or failure}."
            ) from failure
        # Threads read, so that Ctrl-C never tears a line apart, and a full pipe never blocks the command.
        self._readers = [
            threading.Thread(target=self._keep_lines, args=(self._process.stdout,), daemon=True),
            threading.Thread(target=self._keep_stderr, args=(self._process.stderr,), daemon=True),
        ]
        for reader in self._readers:
            reader.start()

    @property
    def running(self) -> bool:
        """Whether its process is alive."""
        return self._process.poll() is None

    def __iter__(self) -> Iterator[Event]:
        """Its events, in order, until it ends. An event is given once."""
        while True:
            event = self._next(None)
            if event is None:
                return
            yield event

    def wait(self) -> Event:
        """Reads events to the end.

        :returns: the `result`.
        :raises MhoError: where the command failed, with the code and the message of its `error`.
        """
        for _ in self:
            pass
        return self._outcome()

    def stop(self, patience_seconds: float = 60.0) -> None:
        """Stops it as Ctrl-C does, and waits until it has ended: the turn under way is finished, and the chip put into standby.

        After `patience_seconds` it is told again, as by a second Ctrl-C: standby at once. It is never killed.

        :raises StandbyFailed: where the chip did not confirm standby, or the command has not ended after twice that time.
        """
        if self._listener is not None:
            self._listener = _harmless(self._listener)
        began = time.monotonic()
        for _ in range(2):
            self._interrupt()
            until = time.monotonic() + patience_seconds
            try:
                while time.monotonic() < until and not self._ended:
                    self._next(until)
            except KeyboardInterrupt:
                # A second Ctrl-C.
                continue
            if self._ended:
                break
        if not self._ended:
            raise StandbyFailed(
                "standby-failed",
                f"mho did not end within {time.monotonic() - began:.0f} s after it was told to stop (process {self._process.pid}). "
                "The chip's outputs may be on: call standby(), or cut its power.",
                {"process": self._process.pid},
            )
        if self.error is not None:
            failure = self._failure(self.error)
            if isinstance(failure, StandbyFailed):
                raise failure

    def _outcome(self) -> Event:
        if self.result is not None:
            return self.result
        if self.error is not None:
            raise self._failure(self.error)
        said = "\n".join(self._stderr) or "It said nothing."
        raise MhoError(
            "bug",
            f"mho ended with {self._process.returncode}, and gave neither a result nor an error. {said}",
            {"exit_code": self._process.returncode, "words": self.words},
        )

    @staticmethod
    def _failure(event: Event) -> MhoError:
        facts: Mapping[str, Any] = event.get("facts") or {}
        return error_of(str(event.get("code")), str(event.get("message")), facts)

    def _next(self, until: Optional[float]) -> Optional[Event]:
        """The next event; None when it has ended, or the time is over."""
        while not self._ended:
            # A wait without an end is not interrupted by Ctrl-C everywhere.
            pause = 0.5 if until is None else min(0.5, max(0.0, until - time.monotonic()))
            try:
                line = self._lines.get(timeout=pause)
            except queue.Empty:
                if until is not None and time.monotonic() >= until:
                    return None
                continue
            if line is None:
                self._process.wait()
                self._readers[1].join(timeout=1)
                self._ended = True
                return None
            event = self._understood(line)
            if event is not None:
                return event
        return None

    def _understood(self, line: str) -> Optional[Event]:
        try:
            event = json.loads(line)
        except ValueError:
            event = None
        if not isinstance(event, dict) or "type" not in event:
            self._stderr.append(line.rstrip())
            return None
        if event["type"] == "result":
            self.result = event
        elif event["type"] == "error":
            self.error = event
        if self._listener is not None:
            self._listener(event)
        return event

    def _interrupt(self) -> None:
        if not self.running:
            return
        if os.name == "posix":
            try:
                os.killpg(self._process.pid, signal.SIGINT)
            except ProcessLookupError:
                pass
        else:
            self._process.send_signal(getattr(signal, "CTRL_BREAK_EVENT"))

    def _keep_lines(self, stream: IO[str]) -> None:
        try:
            for line in stream:
                self._lines.put(line)
        except (OSError, ValueError):
            pass
        finally:
            self._lines.put(None)

    def _keep_stderr(self, stream: IO[str]) -> None:
        for line in stream:
            self._stderr.append(line.rstrip())


def _harmless(listener: Callable[[Event], None]) -> Callable[[Event], None]:
    """A listener whose failures do not keep a chip from its standby."""

    def tell(event: Event) -> None:
        try:
            listener(event)
        except Exception:
            pass

    return tell


def text_of(word: Word) -> str:
    """A word as it stands on the command line."""
    return os.fspath(word) if isinstance(word, os.PathLike) else str(word)


def find_command(mho: Executable = None) -> List[str]:
    """The words that start mho.

    The first of these that is there: the argument; `MHO` in the environment; `mho` on the PATH; `node_modules/.bin/mho` of the
    working folder or one above it, as npx finds it. A file that ends with `.js` is run by `node`.

    :raises CommandNotFound: with what was looked for.
    """
    given = mho if mho is not None else os.environ.get("MHO") or None
    if given is not None:
        if not isinstance(given, (str, os.PathLike)):
            words = list(given)
            if not words:
                raise CommandNotFound("no-command", f"An empty list does not name mho. {_name_it}")
            return words
        program = os.fspath(given)
        if program.endswith((".js", ".mjs")):
            if not Path(program).is_file():
                raise CommandNotFound("no-command", f"There is no file {program}. Build mho first: npm ci && npm run build.")
            return [_found("node", "Node runs mho: install Node 20.19 or newer."), program]
        return [_found(program, _name_it)]
    on_path = shutil.which("mho")
    if on_path is not None:
        return [on_path]
    here = Path.cwd()
    for folder in (here, *here.parents):
        local = shutil.which("mho", path=str(folder / "node_modules" / ".bin"))
        if local is not None:
            return [local]
    raise CommandNotFound(
        "no-command",
        "The program mho was not found: neither on the PATH nor in node_modules of this folder or one above it. "
        "Install it there (npm install), or name it: Bench(mho=...), or MHO in the environment.",
    )


_name_it = "Give the program mho by the argument mho, or by MHO in the environment."


def _found(program: str, otherwise: str) -> str:
    found = shutil.which(program)
    if found is not None:
        return found
    if os.path.dirname(program) and os.path.exists(program):
        raise CommandNotFound("no-command", f"{program} is not a program that this user may run. {otherwise}")
    raise CommandNotFound("no-command", f"There is no program {program!r}. {otherwise}")
