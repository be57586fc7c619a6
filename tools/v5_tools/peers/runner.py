"""Cases run and told: what was expected at which path and what was there; the last line counts."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from v5_tools.peers.cases import Case, Step
from v5_tools.peers.expectations import BadPathError, absent, check, find
from v5_tools.peers.reading import BadCaseError, read
from v5_tools.peers.service import Exchange, RefusedError, Service
from v5_tools.peers.shop import World

__all__ = ["Result", "files", "run", "run_file"]


@dataclass(slots=True)
class Result:
    """What became of one file: nothing in `failures` is a pass."""

    path: Path
    title: str
    failures: list[str] = field(default_factory=list)


def files(paths: Iterable[Path]) -> Iterator[Path]:
    """Case files: those named, and those below the folders named."""
    for path in paths:
        if path.is_dir():
            yield from sorted(one for one in path.rglob("*") if one.suffix in {".yaml", ".yml", ".json"})
        else:
            yield path


def run(paths: Iterable[Path], say: Callable[[str], None], *, verbose: bool = False) -> int:
    """Runs cases and says what became of each; the last line is `N passed, N failed`.

    Returns:
        0 when all passed and there was at least one, else 1.
    """
    passed = failed = 0
    with Service() as service:
        for path in files(paths):
            result = run_file(service, path, say if verbose else None)
            failed, passed = failed + bool(result.failures), passed + (not result.failures)
            say(f"{'FAILED' if result.failures else 'passed'}  {path}  {result.title}".rstrip())
            for one in result.failures:
                say(f"        {one}")
    if not passed + failed:
        say("no case was found: name files, or folders with .yaml files")
    say(f"{passed} passed, {failed} failed")
    return 1 if failed or not passed else 0


def run_file(service: Service, path: Path, tell: Callable[[str], None] | None = None) -> Result:
    """Runs the case of a file, each row of its table in a company of its own."""
    try:
        variants = read(path)
    except BadCaseError as error:
        return Result(path, "", list(error.problems))
    result = Result(path, f"{variants[0].id}: {variants[0].title}")
    for case in variants:
        where = f"[{case.row}] " if case.row else ""
        if tell:
            tell(f"------  {case.id} {where}".rstrip())
        try:
            result.failures += [f"{where}{one}" for one in _play(service, case, tell)]
        except Exception as error:  # noqa: BLE001 - one broken case never hides the others
            result.failures.append(f"{where}the runner failed: {type(error).__name__}: {error}")
    return result


def _play(service: Service, case: Case, tell: Callable[[str], None] | None) -> list[str]:
    def watch(seen: Exchange) -> None:
        if tell:
            tell(f"    {seen.method} {seen.path} {_json(seen.body) if seen.body is not None else ''}".rstrip())
            tell(f"    {seen.status} {_json(seen.reply)}")

    world = World(service, case, watch)
    try:
        world.begin()
    except (RefusedError, LookupError, ValueError) as error:
        return [f"given: {error}"]
    failures: list[str] = []
    for number, step in enumerate(case.steps, start=1):
        where = f"step {number} ({step.as_ or step.verb})"
        found = list(_step(world, step))
        failures += [f"{where}: {one}" for one in found]
        if any(one.startswith(("refused", "cannot")) for one in found):
            failures.append(f"{where}: the case ends here")
            break
    return failures


def _step(world: World, step: Step) -> Iterator[str]:
    try:
        reply = world.do(step)
    except RefusedError as error:
        if not step.error:
            yield f"refused: {error}"
        elif error.code != step.error:
            yield f"error: expected {step.error}, got {error.code}: {error}"
        else:
            yield from _expected(world, step, dict(error.problem))
        return
    except (LookupError, ValueError) as error:
        yield f"cannot be done: {error}"
        return
    if step.error:
        yield f"error: expected {step.error}, got a reply"
    else:
        yield from _expected(world, step, reply)


def _expected(world: World, step: Step, reply: Any) -> Iterator[str]:
    for written, wanted in step.expect.items():
        path = written
        try:
            path = str(world.resolve(written))
            expected = world.resolve(wanted)
            got = find(reply, path)
            if not check(got, expected):
                why = absent(reply, path) if got is None else ""
                yield f"{path}: expected {_json(expected)}, got {_json(got)}{f' ({why})' if why else ''}"
        except (BadPathError, LookupError, ValueError) as error:
            why = absent(reply, path)
            yield f"{path}: {error}{f' ({why})' if why else ''}"


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, default=str)
