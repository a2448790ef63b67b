"""Starts emulated boards, and runs the Python of the SCPI dialect's page against them."""

import contextlib
import json
import pathlib
import re
import subprocess

root = pathlib.Path(__file__).resolve().parents[3]
page = root / "protocols/scpi/README.md"
# The address that the page's code opens.
written = "TCPIP::127.0.0.1::5025::SOCKET"


def emulated(*flags, preset="pcm-64?seed=5"):
    """The VISA address of an emulated board: TCP with `--tcp 0`, else a pseudo-terminal."""
    return emulated_instrument(preset, "--dialect", "scpi", *flags)


@contextlib.contextmanager
def emulated_instrument(preset, *flags):
    """The same of an emulator in its own dialect."""
    command = ["node", root / "dist/cli/main.js", "emulate", preset, *flags]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as board:
        kind, place = json.loads(board.stdout.readline())["address"].split("?")[0].split(":", 1)
        try:
            yield f"ASRL{place}::INSTR" if kind == "serial" else f"TCPIP::{place.replace(':', '::')}::SOCKET"
        finally:
            board.terminate()
            # It ends even when a client that it let go has not hung up.
            board.wait(timeout=20)


def of_page(heading, address):
    """The names that the Python below a heading of the page defines, once it has run against a board."""
    section = page.read_text().split(f"\n### {heading}\n")[1].split("\n## ")[0].split("\n### ")[0]
    names = {}
    for block in re.findall(r"```python\n(.*?)```", section, re.DOTALL):
        exec(compile(block.replace(written, address), f"{page}, {heading}", "exec"), names)
    return names


def every_address():
    """One board on TCP, then one on a pseudo-terminal."""
    for flags in (["--tcp", "0", "--no-pace"], []):
        with emulated(*flags) as address:
            yield address
