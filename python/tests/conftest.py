"""An emulated chip, and runs on it."""

from pathlib import Path
from typing import Tuple

import numpy
import pytest

import mho

chip = "emulator:pcm-64?tiles=1"
targets = numpy.tile(numpy.linspace(1, 25, 256, dtype="float32"), (2, 1))


@pytest.fixture()
def bench(tmp_path: Path) -> mho.Bench:
    return mho.Bench(tmp_path / "ws", chip, progress=False)


@pytest.fixture(scope="session")
def watched(tmp_path_factory: pytest.TempPathFactory) -> Tuple[mho.Bench, str]:
    """A run of two rows, read at 1 s, 10 s, 100 s and 1000 s. Tests only read it."""
    bench = mho.Bench(tmp_path_factory.mktemp("watched"), chip, progress=False)
    run = bench.program(targets, title="two staircases", tags=["python"])
    bench.watch(run, until=1000, per_decade=1)
    return bench, run
