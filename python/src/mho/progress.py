"""One line that tells how a command is getting on: a display in Jupyter, plain text elsewhere."""

from __future__ import annotations

import html
import sys
import time
from typing import IO, Any, Dict, Optional

from .command import Event


class Progress:
    """Is given every event, and shows the newest state. It never fails a command: what it does not know it leaves out."""

    def __init__(self, stream: Optional[IO[str]] = None) -> None:
        self._stream = sys.stderr if stream is None else stream
        self._shown = _Notebook() if stream is None and in_notebook() else None
        self._text = ""
        self._share: Optional[float] = None
        self._drawn_at = 0.0
        self._width = 0
        self._turn: Event = {}
        self._judges = True

    def see(self, event: Event) -> None:
        """Shows what an event changes: at once where it is news, else ten times a second at most."""
        text = self._told(event)
        if text is None:
            return
        self._text = text
        pause = 0.1 if self._shown is not None or self._stream.isatty() else 5.0
        if event["type"] in _always or time.monotonic() - self._drawn_at >= pause:
            self._draw()

    def close(self) -> None:
        """Leaves the last state to be read."""
        if self._text:
            self._draw()
        if self._width > 0:
            print(file=self._stream, flush=True)
        self._width = 0

    def _draw(self) -> None:
        self._drawn_at = time.monotonic()
        if self._shown is not None:
            self._shown.show(self._text, self._share)
        elif self._stream.isatty():
            print("\r" + self._text.ljust(self._width), end="", file=self._stream, flush=True)
            self._width = len(self._text)
        else:
            print(self._text, file=self._stream, flush=True)
            self._text = ""

    def _told(self, event: Event) -> Optional[str]:
        kind = event.get("type")
        run = event.get("run", "")
        if kind == "started":
            verb = "goes on" if event.get("resumed") else "begins"
            method = str(event.get("method", ""))
            # These accept no device: they measure it, or do not look whether it holds its target.
            self._judges = method != "open-loop" and not method.startswith("measure-")
            devices = event.get("devices", 0)
            return f"{run} {verb}: {event.get('title')}, {devices:,} {'device' if devices == 1 else 'devices'} of {event.get('chip')}"
        if kind == "turn":
            self._turn = event
            self._share = event.get("devices_done", 0) / max(1, event.get("devices", 1))
            return f"{run}: {self._devices(event)}"
        if kind == "sweep":
            left = event.get("left")
            more = "" if left is None else f"; sweeps to come: {left}"
            return f"{run}: tile {event.get('tile')} read at {event.get('time_seconds'):g} s{more}"
        if kind == "watching":
            return f"{', '.join(event.get('runs', []))}: sweeps to come: {event.get('sweeps')}"
        if kind == "next_look":
            return f"{run}: next look in {event.get('due_in_seconds'):.0f} s, {event.get('time_seconds'):g} s after its pulses"
        if kind == "next_sweep":
            return f"{run}: next read in {event.get('due_in_seconds'):.0f} s, at {event.get('time_seconds'):g} s"
        if kind == "ended":
            safe = "the chip is in standby" if event.get("standby") else "THE CHIP DID NOT CONFIRM STANDBY"
            done = f"{self._devices(self._turn)}; " if self._turn.get("run") == run else ""
            return f"{run}: {event.get('outcome')}; {done}{safe}"
        if kind == "share_failed":
            spare = event.get("spare")
            next_ = "no spare is left" if spare is None else f"it begins anew on the spare {spare}"
            return f"{event.get('network')}: share {event.get('share')} failed: {event.get('message')}; {next_}"
        if kind in ("link_lost", "standby_failed"):
            return f"{kind.replace('_', ' ')}: {event.get('reason')}"
        if kind == "link_back":
            return "the chip answers again"
        if kind in ("paused", "unpaused"):
            return f"{run}: {kind}"
        if kind == "warning":
            return f"warning: {event.get('message')}"
        if kind == "layer":
            return f"{event.get('name')}: conductances found"
        return None

    def _devices(self, turn: Event) -> str:
        accepted = f"{turn.get('accepted', 0):,} accepted, " if self._judges else ""
        return (
            f"{turn.get('devices_done', 0):,} of {turn.get('devices', 0):,} devices done, "
            f"{accepted}{turn.get('pulses', 0):,} pulses"
        )


_always = {"started", "ended", "watching", "link_lost", "link_back", "standby_failed", "share_failed", "warning", "paused"}


def in_notebook() -> bool:
    """Whether a Jupyter kernel runs this code. Asks only what is imported already."""
    ipython = sys.modules.get("IPython")
    if ipython is None:
        return False
    shell = ipython.get_ipython()
    return shell is not None and type(shell).__name__ == "ZMQInteractiveShell"


class _Notebook:
    """An output of the cell that is replaced each time."""

    def __init__(self) -> None:
        self._handle: Any = None

    def show(self, text: str, share: Optional[float]) -> None:
        from IPython.display import display

        bar = "" if share is None else f'<progress max="1" value="{share:.3f}"></progress> '
        data: Dict[str, str] = {"text/plain": text, "text/html": bar + html.escape(text)}
        if self._handle is None:
            show: Any = display
            self._handle = show(data, raw=True, display_id=True)
        else:
            self._handle.update(data, raw=True)
