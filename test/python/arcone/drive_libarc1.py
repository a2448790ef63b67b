"""Every call of libarc1 that a laboratory makes, on an emulated ArC ONE: what comes back is of the right number and size."""

import json
import math
import pathlib
import subprocess

from libarc1 import ArC1
from libarc1.modules.chronoamperometry import ChronoAmperometry
from libarc1.modules.convergetostate import ConvergeToState
from libarc1.modules.curvetracer import CurveTracer
from libarc1.modules.endurance import Endurance
from libarc1.modules.formfinder import FormFinder

root = pathlib.Path(__file__).resolve().parents[3]
devices = [(1, 1), (17, 32)]


def alike(ohms, others):
    """Whether two reads of a device agree: what conducts little reads with much noise, half a microsiemens is nothing."""
    return math.isclose(1 / ohms, 1 / others, rel_tol=0.3, abs_tol=0.5e-6)


def check(board):
    assert board.firmware_version == (2, 0), board.firmware_version

    # Set, reset, and what a read says of both. One pulse may do little: cycles differ, as the host's time draws them.
    high = [board.pulseread_one(5, 7, -3.0, 100e-6) for _ in range(10)][-1]
    low = [board.pulseread_one(5, 7, 2.6, 100e-6) for _ in range(10)][-1]
    assert 1 <= low < high / 2, (low, high)
    assert alike(board.read_one(5, 7), low)
    board.select(5, 7)
    for _ in range(10):
        board.pulse_active(-3.0, 100e-6)
    assert board.read_one(5, 7) > 2 * low
    # Too short for "%f": it arrives as 0.000000, and moves nothing.
    before = board.read_one(5, 7)
    after = board.pulseread_one(5, 7, 3.0, 90e-9)
    assert alike(after, before), (before, after)

    for volts in (-0.2, 0.2, 0.5):
        board.update_Vread(volts)
        assert 1 <= board.read_one(1, 1) < 1e7

    *_, last = everything = list(board.read_all())
    assert len(everything) == 1026 and json.loads(last)["status"] == 1
    cells = [(word, bit) for word in range(1, 33) for bit in range(1, 33)]
    assert [datum[:2] for datum in everything[1:-1]] == cells
    assert all(1 <= ohms < 1e13 for _, _, ohms in everything[1:-1])

    masked = list(board.read_masked(devices))[1:-1]
    assert [datum[:2] for datum in masked] == devices
    read = {(word, bit): ohms for word, bit, ohms in everything[1:-1]}
    assert all(alike(ohms, read[word, bit]) for word, bit, ohms in masked)

    kept = list(board.retention(devices, step=0.05, duration=0.2))[1:-1]
    assert len(kept) == 8 and all(ohms >= 1 for _, _, ohms, _, _ in kept)

    written = list(board.write_bitline(3, [1, 4], vwrite=2.6))[1:-1]
    assert len(written) == 64
    after = {word: ohms for word, _, ohms, _, _ in written[32:]}
    bit, current = board.read_bitline(3)
    assert bit == 3 and current > 0 and after[1] > 0

    def run(module, **changed):
        found = list(board.run_module(module, devices, dict(module.default_config, **changed)))[1:-1]
        assert {datum[:2] for datum in found} == set(devices), module.name
        return found

    formed = run(FormFinder, Rthr=1.0)
    assert max(datum[3] for datum in formed) == 3.0
    for target in (25_000.0, 60_000.0):
        # The board gives up after some ramps, which a filament that jumps past the target may need: then it is asked again.
        for _ in range(8):
            steps = run(ConvergeToState, Vmax=3.2, PWmin=1e-4, PWmax=1e-4, Rtarget=target, Rttol=8.0, Rotol=8.0)
            reached = [[ohms for *at, ohms, _, _ in steps if tuple(at) == cell][-1] for cell in devices]
            if all(math.isclose(ohms, target, rel_tol=0.08) for ohms in reached):
                break
        else:
            raise AssertionError((target, reached))
    loop = run(CurveTracer, Vposmax=2.6, Vnegmax=2.6, cycles=2)
    assert {datum[5] for datum in loop} == {0, 1}
    assert max(datum[3] for datum in loop) > 2.5 and min(datum[3] for datum in loop) < -2.5
    cycles = run(Endurance, Vpos=2.6, Vneg=-3.0)
    assert len(cycles) == 40
    assert len(run(ChronoAmperometry, num_reads=5)) == 10


command = ["node", root / "dist/cli/main.js", "emulate", "arc-one-32?seed=5&births=sound"]
with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as emulator:
    try:
        address = json.loads(emulator.stdout.readline())["address"]
        port = address.split("?")[0].removeprefix("serial:")
        # A pseudo-terminal has no parity bit.
        board = ArC1(port, parity="N")
        check(board)
        # Opened again, it starts anew, and holds what it held.
        held = board.read_one(9, 9)
        board.close()
        board = ArC1(port, parity="N")
        assert alike(board.read_one(9, 9), held)
        board.close()
    finally:
        emulator.terminate()
        emulator.wait(timeout=20)
print("libarc1 0.1.0: every call was answered as it should be.")
