"""Commands by `Bench`. `MHO` in the environment names the program."""

import os
import signal
from pathlib import Path
from typing import Any, List, Tuple

import numpy
import pytest

import mho
from conftest import chip, targets


def test_a_run_is_found_again_with_its_title_and_tags(watched: Tuple[mho.Bench, str]) -> None:
    bench, run = watched
    assert [(one["run"], one["title"], one["tags"]) for one in bench.runs("tag=python")] == [(run, "two staircases", ["python"])]
    assert bench.runs("tag=other") == []
    result = bench.result(run)
    assert result["outcome"] == "done" and result["devices"] == targets.size
    assert (result["yield_percent"] or 0) > 95


def test_an_estimate_makes_no_run(bench: mho.Bench) -> None:
    assert bench.estimate(targets)["devices"] == targets.size
    assert not (bench.workspace / "workspace.db").exists()


def test_a_read_has_the_shape_that_was_asked_for(bench: mho.Bench) -> None:
    assert bench.read(row=3).shape == (1, 1, 256)


def test_a_measurement_gives_counts_and_figures_and_is_no_yield(bench: mho.Bench) -> None:
    found = bench.measure("noise", row=1, devices=numpy.array([2, 5]), settings={"reads": 8}, tags="quick")
    assert (found["kind"], found["devices"], found["out_of_pulses"]) == ("noise", 2, 0)
    assert [count["name"] for count in found["counts"]] != [] and found["figures"][0]["unit"] != ""
    details = bench.result(found["run"])
    assert (details["yield_percent"], details["tags"]) == (None, ["quick"])
    sweeps = bench.sweeps(found["run"])
    assert sweeps.conductance_microsiemens.shape == (1, 8, 2, 256)
    assert numpy.isnan(sweeps.conductance_microsiemens[:, :, 0]).all()


def test_a_command_by_call_has_the_chip_of_the_bench(bench: mho.Bench, tmp_path: Path) -> None:
    found = bench.call("measure", "yield", "--row", 0, "--rows", 1, "--title", tmp_path)
    assert found["devices"] == 256
    assert bench.runs()[0]["title"] == str(tmp_path)


@pytest.mark.parametrize("ages", [numpy.array([1, 10]), (numpy.float32(1), "10")])
def test_ages_may_be_numbers_of_numpy(bench: mho.Bench, ages: Any) -> None:
    run = bench.program(targets[:1], sweep=ages, tags="one")
    assert bench.sweeps(run).asked_age_seconds.tolist() == [1, 10]
    assert bench.runs()[0]["tags"] == ["one"]


def test_targets_that_are_no_conductances_reach_no_chip(bench: mho.Bench) -> None:
    for wrong in (targets + 1j, targets > 3, [["a"]], None):
        with pytest.raises(mho.MhoError, match="Targets are numbers, and this array holds"):
            bench.program(wrong)  # type: ignore[arg-type]
    with pytest.raises(mho.MhoError, match="^Cannot use the array: its shape is 1 × 2"):
        bench.program([[1, 2]])
    with pytest.raises(mho.MhoError, match="^Cannot use the array: it is a single number"):
        bench.program(3.0)
    with pytest.raises(mho.MhoError, match="True is not an age"):
        bench.program(targets, sweep=True)
    assert not (bench.workspace / "workspace.db").exists()


def test_a_run_is_no_network_and_a_model_no_run(watched: Tuple[mho.Bench, str]) -> None:
    bench, run = watched
    with pytest.raises(mho.MhoError, match="r1 is not a network"):
        bench.network(run)
    with pytest.raises(mho.MhoError, match="pcm-90nm is not a run"):
        bench.result("pcm-90nm")


def test_all_commands_are_stopped_where_one_does_not_confirm_its_standby(bench: mho.Bench) -> None:
    first, second = (bench.start("emulate", "pcm-64?tiles=1", "--tcp", 0) for _ in range(2))
    for command in (first, second):
        assert next(iter(command))["type"] == "listening"
    # It is told of before the end.
    second.error = {"code": "standby-failed", "message": "no answer"}
    with pytest.raises(mho.StandbyFailed, match="no answer"):
        bench.close()
    assert not first.running and not second.running


def test_a_failure_has_the_code_and_the_message_of_mho(watched: Tuple[mho.Bench, str]) -> None:
    bench, _ = watched
    with pytest.raises(mho.MhoError, match="There is no run r9") as raised:
        bench.resume("r9")
    assert raised.value.code == "bad-argument" and raised.value.facts == {"run": "r9"}


def test_ctrl_c_ends_in_standby_and_the_run_can_be_resumed(tmp_path: Path) -> None:
    seen: List[mho.Event] = []

    def press(event: mho.Event) -> None:
        seen.append(event)
        if event["type"] == "turn" and event["turn"] == 1:
            os.kill(os.getpid(), signal.SIGINT)

    # It may be ignored where the tests were started in the background.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    bench = mho.Bench(tmp_path / "ws", chip, progress=False, on_event=press)
    with pytest.raises(KeyboardInterrupt):
        bench.program(targets)
    ended = [event for event in seen if event["type"] == "ended"]
    assert [(event["outcome"], event["standby"]) for event in ended] == [("interrupted", True)]
    later = mho.Bench(bench.workspace, chip, progress=False)
    assert later.resume(ended[0]["run"])["outcome"] == "done"


def test_a_listener_that_raises_stops_the_run(tmp_path: Path) -> None:
    seen: List[mho.Event] = []

    def fail(event: mho.Event) -> None:
        seen.append(event)
        if event["type"] == "turn":
            raise ZeroDivisionError

    bench = mho.Bench(tmp_path / "ws", chip, progress=False, on_event=fail)
    with pytest.raises(ZeroDivisionError):
        bench.program(targets)
    assert [event["standby"] for event in seen if event["type"] == "ended"] == [True]


def test_a_started_run_is_followed_stopped_and_read_meanwhile(bench: mho.Bench, tmp_path: Path) -> None:
    import numpy

    numpy.save(tmp_path / "t.npy", targets)
    with bench:
        command = bench.start_program(tmp_path / "t.npy")
        for event in command:
            if event["type"] == "turn":
                break
        assert bench.sweeps("r1").conductance_microsiemens.shape == (1, 0, 2, 256)
        command.stop()
        assert not command.running
        with pytest.raises(mho.Interrupted, match="in standby"):
            command.wait()


def test_a_bench_that_is_closed_leaves_no_command_behind(bench: mho.Bench) -> None:
    with bench:
        command = bench.start("emulate", "pcm-64?tiles=1", "--tcp", "0")
        assert next(iter(command))["type"] == "listening"
    assert not command.running


def test_a_model_is_exported_and_drawn(watched: Tuple[mho.Bench, str], tmp_path: Path) -> None:
    bench, run = watched
    assert bench.report(run, out=tmp_path / "r.html").stat().st_size > 10_000
    assert bench.export(run, to="csv", out=tmp_path / "r.csv").read_text("utf-8").startswith("sweep,tile,")


def test_standby_is_confirmed(bench: mho.Bench) -> None:
    bench.standby()


def test_a_program_that_is_not_there_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    with pytest.raises(mho.CommandNotFound, match="no file .*main.js"):
        mho.Bench(mho=tmp_path / "main.js")
    with pytest.raises(mho.CommandNotFound, match="empty list"):
        mho.Bench(mho=[])
    with pytest.raises(mho.CommandNotFound, match="is not a program that this user may run"):
        mho.Bench(mho=tmp_path)
    monkeypatch.setenv("MHO", str(tmp_path / "mho"))
    with pytest.raises(mho.CommandNotFound, match="no program"):
        mho.find_command()
    monkeypatch.delenv("MHO")
    monkeypatch.setenv("PATH", "")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(mho.CommandNotFound, match="not found"):
        mho.find_command()
    local = tmp_path / "node_modules" / ".bin" / "mho"
    local.parent.mkdir(parents=True)
    local.write_text("#!/bin/sh\n")
    local.chmod(0o755)
    (tmp_path / "notebooks").mkdir()
    monkeypatch.chdir(tmp_path / "notebooks")
    assert mho.find_command() == [str(local)]


def test_a_program_that_ends_without_a_word_is_a_failure(tmp_path: Path) -> None:
    with pytest.raises(mho.MhoError, match="neither a result nor an error.*oh") as raised:
        mho.Command(["-c", "echo oh >&2; exit 7"], ["/bin/sh"]).wait()
    assert raised.value.facts["exit_code"] == 7


def test_a_network_over_chips_is_listed_and_read_as_one(tmp_path: Path) -> None:
    bench = mho.Bench(tmp_path / "ws", progress=False)
    chips = [f"emulator:pcm-64?seed={seed}&births=sound" for seed in (1, 2)]
    # A tile each, of which two rows are programmed.
    tiles = numpy.full((2, 64, 256), numpy.nan, "float32")
    tiles[:, :2] = numpy.linspace(1, 25, 256, dtype="float32")
    network = bench.program(tiles.reshape(128, 256), chips=chips, method="verify", title="two tiles")
    assert network == "n1"
    bench.watch(network, until=10, per_decade=1)
    [listed] = bench.networks()
    assert (listed["network"], listed["outcome"], listed["title"]) == ("n1", "done", "two tiles")
    shares = bench.network(network)["shares"]
    assert [(share["run"], share["first_tile"]) for share in shares] == [(run, k) for k, run in enumerate(listed["runs"])]
    whole = bench.sweeps(network)
    assert whole.tile.tolist() == [0, 1] and whole.asked_age_seconds.tolist() == [1, 10]
    for k, share in enumerate(shares):
        part = bench.sweeps(str(share["run"]))
        numpy.testing.assert_array_equal(whole.conductance_microsiemens[k], part.conductance_microsiemens[0])
        numpy.testing.assert_array_equal(whole.verdict[k], part.verdict[0])
    parts = [bench.result(str(share["run"])) for share in shares]
    assert bench.result(network)["pulses"] == sum(part["pulses"] for part in parts)
    with pytest.raises(mho.MhoError, match="no network n7"):
        bench.sweeps("n7")
