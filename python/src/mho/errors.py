"""Failures of mho as Python exceptions."""

from __future__ import annotations

from typing import Any, Mapping, Optional


class MhoError(Exception):
    """A command of mho failed, or a workspace could not be read.

    `code` is one of docs/events.md (`error`), `message` says what happened and what to do, `facts` what it is about.
    """

    def __init__(self, code: str, message: str, facts: Optional[Mapping[str, Any]] = None) -> None:
        super().__init__(code, message)
        self.code = code
        self.message = message
        self.facts: Mapping[str, Any] = dict(facts or {})

    def __str__(self) -> str:
        return f"{self.message} ({self.code})"


class StandbyFailed(MhoError):
    """The chip did not confirm that it is in standby: its outputs may be on. Call `Bench.standby()`, or cut its power."""


class Interrupted(MhoError):
    """The command was stopped, by `Command.stop()` or from outside. The chip is in standby, and a run can be resumed."""


class CommandNotFound(MhoError):
    """The program `mho` was not found, or could not be started."""


class MissingPackage(ImportError):
    """An optional package, such as pandas, is not installed, or cannot be imported."""


def missing_package(package: str, method: str, failure: ImportError, otherwise: str = "") -> MissingPackage:
    """What to say where `method` could not import `package`."""
    if isinstance(failure, ModuleNotFoundError) and (failure.name or "").split(".")[0] == package:
        said = f"{method} needs {package}, which is not installed. Install it: pip install {package}"
    else:
        said = f"{method} needs {package}, which is installed and could not be imported: {failure}. Install it anew: "
        said += f"pip install --force-reinstall {package}"
    return MissingPackage(f"{said}.{otherwise}")


def error_of(code: str, message: str, facts: Mapping[str, Any]) -> MhoError:
    """The exception for an `error` event. Outputs that may be on count more than the reason of the failure."""
    if code == "standby-failed" or facts.get("standby") is False:
        return StandbyFailed(code, message, facts)
    if code == "interrupted":
        return Interrupted(code, message, facts)
    return MhoError(code, message, facts)
