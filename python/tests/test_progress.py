"""The line that tells how a run is getting on."""

import io
import sys
from typing import Any, Dict, List

import pytest

from mho.progress import Progress, in_notebook

events: List[Dict[str, Any]] = [
    {"type": "started", "run": "r1", "title": "t.npy", "devices": 1024, "chip": "pcm-64", "resumed": False},
    {"type": "turn", "run": "r1", "devices": 1024, "devices_done": 900, "accepted": 899, "pulses": 5360},
    {"type": "not known yet"},
    {"type": "ended", "run": "r1", "outcome": "done", "standby": True},
]


def test_text_says_how_a_run_began_and_ended() -> None:
    stream = io.StringIO()
    progress = Progress(stream)
    for event in events:
        progress.see(event)
    progress.close()
    assert stream.getvalue().splitlines() == [
        "r1 begins: t.npy, 1,024 devices of pcm-64",
        "r1: done; 900 of 1,024 devices done, 899 accepted, 5,360 pulses; the chip is in standby",
    ]


@pytest.mark.parametrize("method", ["open-loop", "measure-noise"])
def test_nothing_is_accepted_where_nothing_was_judged(method: str) -> None:
    stream = io.StringIO()
    progress = Progress(stream)
    for event in [{**events[0], "method": method, "devices": 1}, *events[1:]]:
        progress.see(event)
    assert stream.getvalue().splitlines() == [
        "r1 begins: t.npy, 1 device of pcm-64",
        "r1: done; 900 of 1,024 devices done, 5,360 pulses; the chip is in standby",
    ]


def test_outputs_that_may_be_on_are_shouted() -> None:
    stream = io.StringIO()
    Progress(stream).see({**events[3], "standby": False})
    assert "DID NOT CONFIRM STANDBY" in stream.getvalue()


def test_a_notebook_has_one_display_that_is_replaced(monkeypatch: pytest.MonkeyPatch) -> None:
    shown: List[Dict[str, str]] = []

    class Handle:
        def update(self, data: Dict[str, str], raw: bool) -> None:
            shown[-1] = data

    def display(data: Dict[str, str], raw: bool, display_id: bool) -> Handle:
        shown.append(data)
        return Handle()

    shell = type("ZMQInteractiveShell", (), {})()
    ipython = type(sys)("IPython")
    setattr(ipython, "get_ipython", lambda: shell)
    displays = type(sys)("IPython.display")
    setattr(displays, "display", display)
    monkeypatch.setitem(sys.modules, "IPython", ipython)
    monkeypatch.setitem(sys.modules, "IPython.display", displays)
    assert in_notebook()
    progress = Progress()
    for event in [{**events[0], "title": "<t>"}, *events[1:]]:
        progress.see(event)
    progress.close()
    assert len(shown) == 1
    assert shown[0]["text/plain"].endswith("in standby") and "<progress" in shown[0]["text/html"]
