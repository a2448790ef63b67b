"""A workspace, where runs are kept, and the address of a chip: what `openBench` is in TypeScript (docs/library.md)."""

from __future__ import annotations

import os
import tempfile
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, Callable, Dict, Iterator, List, Mapping, Optional, Sequence, SupportsIndex, Type, Union, cast

import numpy
import numpy.typing

from .command import Command, Event, Executable, Word, find_command, text_of
from .errors import MhoError
from .progress import Progress
from .results import (
    Estimate,
    FitResult,
    MeasureResult,
    NetworkResult,
    NetworkSummary,
    RunDetails,
    RunResult,
    RunSummary,
    TrimResult,
    WatchResult,
)
from .sweeps import Array, Sweeps
from .workspace import read_sweeps

File = Union[str, "os.PathLike[str]"]
Targets = Union[File, numpy.typing.ArrayLike]
"""A strategy (`.json`), a file of conductances (`.npy`, `.csv`), or conductances at hand in µS, of shape (rows, devices of a row)."""
Age = Union[str, float, "numpy.floating[Any]", "numpy.integer[Any]"]
"""Such as `"1h"`, or seconds."""
Ages = Union[Age, Sequence[Age], Array]
Words = Union[str, Sequence[str]]
"""One, or several."""


class Bench:
    """Each method is a command of mho in a process of its own, and waits for its end.

    Ctrl-C stops the command and waits until the chip is in standby; then `KeyboardInterrupt` goes on. Failures are `MhoError`s.
    """

    def __init__(
        self,
        workspace: File = "mho-workspace",
        chip: Optional[str] = None,
        *,
        seed: Optional[int] = None,
        config: Optional[File] = None,
        mho: Executable = None,
        progress: bool = True,
        on_event: Optional[Callable[[Event], None]] = None,
    ) -> None:
        """
        :param workspace: the folder where runs are kept.
        :param chip: the address of the chip; `MHO_CHIP` in the environment where none is given.
        :param seed: of every draw of chance (7).
        :param config: a config file, or `none`; `mho.config.json` beside the workspace, if it is there.
        :param mho: the program; `find_command` says where it is looked for otherwise.
        :param progress: show how a run is getting on: a display in Jupyter, plain text on stderr elsewhere.
        :param on_event: is given every event. Where it raises, the command is stopped.
        :raises CommandNotFound: where mho is not found.
        """
        self.workspace = Path(workspace)
        self.chip = chip
        self._mho = find_command(mho)
        self._usual = [f"--workspace={self.workspace}"]
        if config is not None:
            self._usual.append(f"--config={os.fspath(config)}")
        self._seed = [] if seed is None else [f"--seed={seed}"]
        # So each command knows the chip, also one that `call` gives no --chip.
        self._environment: Dict[str, str] = {} if chip is None else {"MHO_CHIP": chip}
        self._progress = progress
        self._on_event = on_event
        self._started: List[Command] = []

    def program(
        self,
        targets: Targets,
        *,
        method: Optional[str] = None,
        model: Optional[File] = None,
        sweep: Optional[Ages] = None,
        pulses_per_device: Optional[SupportsIndex] = None,
        unit: Optional[str] = None,
        chips: Words = (),
        spares: Words = (),
        title: Optional[str] = None,
        note: Optional[str] = None,
        tags: Words = (),
        operator: Optional[str] = None,
        options: Words = (),
    ) -> str:
        """Programs a chip, or several that hold a network together, and reads it back.

        :param sweep: read everything at these ages after programming (1 s); `"none"` for not at all.
        :param unit: of the targets, such as `"nS"` or `"kohm"` (µS). Say `"uS"` where all are between 0 and 1 and meant so.
        :param chips: the addresses of several chips, in this order; the bench's chip where none is given.
        :param spares: of these, one takes the place of a chip that fails.
        :param options: more flags of `mho program`, as on the command line.
        :returns: the id of the run, such as `r2`; of several chips that of the network, such as `n1`.
        """
        words = ["--method", method, "--model", model, "--sweep", _ages(sweep), "--budget", pulses_per_device, "--unit", unit]
        labels = _labels(title, note, tags, operator)
        with self._targets(targets, title is None) as file:
            at = [f"--chip={chip}" for chip in _several(chips)] or self._at()
            spare = [f"--spare={chip}" for chip in _several(spares)]
            result = self.call("program", *file, *at, *spare, *self._seed, *_flags(words), *labels, *_several(options))
        return str(result["run"])

    def start_program(self, file: File, *options: str) -> Command:
        """Begins to program a file, and returns at once. Iterate over the command for its events; `stop` stops it."""
        return self.start("program", os.fspath(file), *self._at(), *self._seed, *options)

    def estimate(
        self,
        targets: Targets,
        *,
        method: Optional[str] = None,
        model: Optional[File] = None,
        pulses_per_device: Optional[SupportsIndex] = None,
        unit: Optional[str] = None,
        options: Words = (),
    ) -> Estimate:
        """Pulses, wear and time that `program` would take. Touches no chip."""
        words = ["--method", method, "--model", model, "--budget", pulses_per_device, "--unit", unit]
        with self._targets(targets, False) as file:
            given = (*file, *self._at(), *self._seed, *_flags(words), *_several(options))
            return cast(Estimate, self.call("program", *given, "--dry-run"))

    def resume(self, run: str, *, chip: Optional[str] = None, spares: Words = ()) -> RunResult:
        """Goes on with a run or a network after a stop, a crash or a pulled cable.

        :param chip: where the chip of a run is now, if it has moved.
        :param spares: of a network, addresses of chips of which one takes the place of a chip that fails.
        """
        words = [*_flags(["--chip", chip]), *(f"--spare={spare}" for spare in _several(spares))]
        return cast(RunResult, self.call("resume", run, *words))

    def watch(
        self,
        runs: Union[str, Sequence[str]],
        *,
        until: Optional[Age] = None,
        per_decade: Optional[SupportsIndex] = None,
        averages: Optional[SupportsIndex] = None,
        chip: Optional[str] = None,
        options: Words = (),
    ) -> WatchResult:
        """Reads runs at log-spaced ages up to `until`; on a board that takes as long as it says. Goes on where it was stopped."""
        given = self._watch_words(runs, until, per_decade, averages, chip)
        return cast(WatchResult, self.call("watch", *given, *_several(options)))

    def start_watch(
        self,
        runs: Union[str, Sequence[str]],
        *,
        until: Optional[Age] = None,
        per_decade: Optional[SupportsIndex] = None,
        averages: Optional[SupportsIndex] = None,
        chip: Optional[str] = None,
        options: Words = (),
    ) -> Command:
        """Begins a watch, and returns at once."""
        given = self._watch_words(runs, until, per_decade, averages, chip)
        return self.start("watch", *given, *_several(options))

    def measure(
        self,
        kind: str,
        *,
        tile: Optional[SupportsIndex] = None,
        row: Optional[SupportsIndex] = None,
        rows: Optional[SupportsIndex] = None,
        devices: Union[None, str, SupportsIndex, Sequence[int], Array] = None,
        settings: Mapping[str, Any] = {},
        pulses_per_device: Optional[SupportsIndex] = None,
        title: Optional[str] = None,
        note: Optional[str] = None,
        tags: Words = (),
        operator: Optional[str] = None,
        options: Words = (),
    ) -> MeasureResult:
        """Measures devices (docs/measure.md): forming, thresholds, endurance and more. Without a tile and rows, as the kind usually does.

        :param kind: such as `"form"`; `mho measure --help` lists them.
        :param devices: of each row, such as `[0, 1, 2]` or `"0-63"`.
        :param settings: of the kind, such as `{"compliance": "80uS", "step": "50mV"}`.
        """
        chosen = devices if devices is None or isinstance(devices, str) else _listed(numpy.asarray(devices))
        where = ["--tile", tile, "--row", row, "--rows", rows, "--device", chosen, "--budget", pulses_per_device]
        how = [f"--set={name}={value}" for name, value in settings.items()]
        given = (*_flags(where), *how, *_labels(title, note, tags, operator), *_several(options))
        return cast(MeasureResult, self.call("measure", kind, *self._at(), *self._seed, *given))

    def fit(
        self,
        runs: Union[str, Sequence[str]],
        *,
        out: Optional[File] = None,
        name: Optional[str] = None,
        model: Optional[File] = None,
    ) -> FitResult:
        """Fits a model to runs that were watched. Look at `believe` before you use the model."""
        words = _flags(["--out", out, "--name", name, "--model", model])
        return cast(FitResult, self.call("fit", *_several(runs), *self._seed, *words))

    def trim(
        self,
        run: str,
        *,
        model: Optional[File] = None,
        times: Optional[Ages] = None,
        pulses_per_device: Optional[SupportsIndex] = None,
        dry_run: bool = False,
        chip: Optional[str] = None,
        note: Optional[str] = None,
        tags: Words = (),
        operator: Optional[str] = None,
        options: Words = (),
    ) -> TrimResult:
        """Programs anew the devices whose measured drift is worth it."""
        words = ["--model", model, "--times", _ages(times), "--budget", pulses_per_device, "--chip", chip]
        given = (*_flags(words), *_labels(None, note, tags, operator), *(["--dry-run"] if dry_run else []))
        return cast(TrimResult, self.call("trim", run, *self._seed, *given, *_several(options)))

    def optimize(self, weights: File, *, out: File, model: Optional[File] = None, options: Words = ()) -> Path:
        """Turns a file of weights into a strategy: the conductances that hold them best. Returns its file."""
        words = _flags(["--out", out, "--model", model])
        return Path(str(self.call("optimize", weights, *self._seed, *words, *_several(options))["strategy"]))

    def report(self, what: File, *, out: Optional[File] = None, options: Words = ()) -> Path:
        """Draws a run, a strategy or a fitted model on one HTML page. Returns its file."""
        return Path(str(self.call("report", what, *_flags(["--out", out]), *_several(options))["report"]))

    def export(self, what: File, *, to: str, out: Optional[File] = None, options: Words = ()) -> Path:
        """Writes a run's readings (`parquet`, `csv`, `npz`, `hdf5`, `mat`) or a model (`aihwkit`, `crosssim`). Returns its file."""
        words = _flags(["--to", to, "--out", out])
        return Path(str(self.call("export", what, *words, *_several(options))["file"]))

    def read(
        self,
        *,
        tile: Optional[SupportsIndex] = None,
        row: Optional[SupportsIndex] = None,
        device: Optional[SupportsIndex] = None,
        averages: Optional[SupportsIndex] = None,
    ) -> Array:
        """Reads the chip now, without a pulse.

        :returns: µS, float32 of shape (tiles, rows, devices of a row) as far as they were asked for; NaN where there was no reading.
        """
        words = _flags(["--tile", tile, "--row", row, "--device", device, "--averages", averages])
        chip = [] if self.chip is None else [self.chip]
        with tempfile.TemporaryDirectory(prefix="mho-") as folder:
            file = os.path.join(folder, "read.npy")
            self.call("read", *chip, *self._seed, *words, "--out", file)
            return cast(Array, numpy.load(file))

    def runs(self, where: Optional[str] = None, *, archived: bool = False) -> List[RunSummary]:
        """The runs of the workspace that pass a filter (docs/runs.md), the oldest first."""
        words = [*_flags(["--where", where]), *(["--archived"] if archived else [])]
        return cast(List[RunSummary], self.call("show", *words)["runs"])

    def networks(self, *, archived: bool = False) -> List[NetworkSummary]:
        """The networks of the workspace that are laid over several chips, the oldest first."""
        return cast(List[NetworkSummary], self.call("show", *(["--archived"] if archived else []))["networks"])

    def network(self, network: str) -> NetworkResult:
        """What each chip holds of a network, and how the whole went."""
        found = self.call("show", network)
        if found.get("what") != "network":
            raise MhoError("bad-argument", f"{network} is not a network: networks are named n1, n2, …", {"network": network})
        return cast(NetworkResult, found)

    def result(self, run: str) -> RunDetails:
        """How a run, or a network as a whole, went: verdicts, yield, weight errors; of a run also its plan, tags and notes."""
        found = self.call("show", run)
        if found.get("what") == "run":
            return cast(RunDetails, found)
        if found.get("what") != "network":
            raise MhoError("bad-argument", f"{run} is not a run: runs are named r1, r2, …, and networks n1, n2, …", {"run": run})
        if found["whole"] is None:
            raise MhoError("bad-argument", f"No run holds a share of network {run} yet.", {"network": run})
        return cast(RunDetails, found["whole"])

    def sweeps(self, run: str) -> Sweeps:
        """The sweeps of a run, or of all runs of a network, as arrays, from the workspace's file; also while a run is on."""
        return read_sweeps(self.workspace, run)

    def standby(self) -> None:
        """Puts the chip into its safe state, also while another program holds its port."""
        self.call("standby", *self._at(), *self._seed)

    def call(self, *words: Word) -> Event:
        """Any other command, with its flags as on the command line, such as `call("pulse", "--tile", 0, "--row", 3, …)`.

        It knows the bench's workspace, config and chip, and not its seed: give `--seed` where one is meant.

        :returns: its `result`.
        :raises MhoError: where it failed.
        """
        progress = Progress() if self._progress else None

        def see(event: Event) -> None:
            if progress is not None:
                progress.see(event)
            if self._on_event is not None:
                self._on_event(event)

        command = Command([*words, *self._usual], self._mho, see, self._environment)
        try:
            return command.wait()
        except BaseException:
            if command.running:
                command.stop()
            raise
        finally:
            if progress is not None:
                progress.close()

    def start(self, *words: Word) -> Command:
        """Begins any command, and returns at once. It is stopped by its `stop`, by `close`, or at the end of a `with`."""
        command = Command([*words, *self._usual], self._mho, self._on_event, self._environment)
        self._started = [other for other in self._started if other.running]
        self._started.append(command)
        return command

    def close(self) -> None:
        """Stops the commands that were started and have not ended: all of them, also where one does not confirm its standby.

        :raises StandbyFailed: the first of these, when all have been told to stop.
        """
        failed: Optional[BaseException] = None
        while self._started:
            command = self._started.pop()
            try:
                if command.running:
                    command.stop()
            except BaseException as failure:
                failed = failed or failure
        if failed is not None:
            raise failed

    def __enter__(self) -> "Bench":
        return self

    def __exit__(
        self,
        kind: Optional[Type[BaseException]],
        error: Optional[BaseException],
        traceback: Optional[TracebackType],
    ) -> None:
        self.close()

    def _at(self) -> List[str]:
        return [] if self.chip is None else ["--chip", self.chip]

    def _watch_words(
        self,
        runs: Union[str, Sequence[str]],
        until: Optional[Age],
        per_decade: Optional[SupportsIndex],
        averages: Optional[SupportsIndex],
        chip: Optional[str],
    ) -> List[str]:
        words = ["--until", _ages(until), "--per-decade", per_decade, "--averages", averages, "--chip", chip]
        return [*_several(runs), *_flags(words)]

    @contextmanager
    def _targets(self, targets: Targets, titled: bool) -> Iterator[List[str]]:
        """The file of some targets; an array lies in one for the time of the command, and mho keeps what it holds."""
        if isinstance(targets, (str, os.PathLike)):
            yield [os.fspath(targets)]
            return
        array = numpy.asarray(targets)
        if array.dtype.kind not in "fiu":
            raise MhoError("bad-argument", f"Targets are numbers, and this array holds {array.dtype}.", {"dtype": str(array.dtype)})
        with tempfile.TemporaryDirectory(prefix="mho-") as folder:
            file = os.path.join(folder, "targets.npy")
            numpy.save(file, array.astype("float32"))
            try:
                yield [file, *(["--title", "conductances from Python"] if titled else [])]
            except MhoError as failure:
                # Its file is gone, and says nothing to who gave an array.
                failure.message = failure.message.replace(file, "the array")
                failure.args = (failure.code, failure.message)
                raise


def _flags(words: Sequence[Any]) -> List[str]:
    """Flags with their values; those without one are left out."""
    pairs = zip(words[::2], words[1::2])
    return [f"{flag}={text_of(value)}" for flag, value in pairs if value is not None]


def _labels(title: Optional[str], note: Optional[str], tags: Words, operator: Optional[str]) -> List[str]:
    return [*_flags(["--title", title, "--note", note, "--operator", operator]), *(f"--tag={tag}" for tag in _several(tags))]


def _several(words: Words) -> List[str]:
    return [words] if isinstance(words, str) else list(words)


def _listed(devices: Array) -> str:
    return ",".join(str(device) for device in numpy.atleast_1d(devices).tolist())


def _ages(ages: Optional[Ages]) -> Optional[str]:
    if ages is None or isinstance(ages, str):
        return ages
    if isinstance(ages, (bool, numpy.bool_)):
        raise MhoError("bad-argument", f"{ages} is not an age: give seconds, or text such as '1h'.", {})
    if isinstance(ages, (int, float, numpy.floating, numpy.integer)):
        return numpy.format_float_positional(float(ages), trim="-")
    return ",".join(str(_ages(age)) for age in ages) or "none"
