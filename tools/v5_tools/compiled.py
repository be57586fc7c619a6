"""The rules engine compiled by mypyc: the same modules, made into machine code beside the pure ones, which stay the default.

`./v5 compile` copies v5_core into the environment's folder `compiled` and compiles the engine there; whoever puts that folder first on
the path runs it (`V5_ENGINE=compiled ./v5 ...` does). Nothing is done when nothing has changed since.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import shutil
import subprocess
import sys
import sysconfig
from importlib.util import find_spec
from pathlib import Path
from typing import Final

__all__ = ["FOLDER", "MODULES", "environment", "fresh", "make", "obstacle"]

ROOT: Final = Path(__file__).resolve().parents[2]
FOLDER: Final = Path(sys.prefix) / "compiled"
_SOURCE: Final = ROOT / "core" / "src" / "v5_core"
# What every quote and every settlement runs through. The rest is asked rarely, or is made for pydantic to look into.
MODULES: Final = (
    "arithmetic.py", "words/__init__.py",
    *(f"engine/_{name}.py" for name in (
        "basket", "choice", "compile", "earning", "evaluate", "fast", "floors", "offers", "phrases", "points_rules", "prices", "pricing",
        "quick", "reply", "rewards", "rules", "settle", "situation", "totals", "units",
    )),
)  # fmt: skip
_BUILD: Final = """
import sys
from mypyc.build import mypycify
from setuptools import setup
setup(
    name="v5_core_engine", script_args=["-q", "build_ext", "--inplace"],
    ext_modules=mypycify(["--config-file", sys.argv[1], "--follow-imports=silent", *sys.argv[2:]], opt_level="3", debug_level="0"),
)
"""


def obstacle() -> str:
    """Why nothing can be compiled here; "" when it can."""
    compiler = (sysconfig.get_config_var("CC") or "cc").split()[0]
    if shutil.which(compiler) is None:
        return f"there is no C compiler ({compiler}); on Debian: apt-get install gcc libc6-dev"
    if not Path(sysconfig.get_path("include"), "Python.h").is_file():
        return "Python's headers are missing; on Debian: apt-get install python3-dev"
    missing = [name for name in ("mypyc", "setuptools") if find_spec(name) is None]
    return f"not installed: {', '.join(missing)}" if missing else ""


def _stamp() -> str:
    found = hashlib.sha256(sys.version.encode())
    for path in (Path(__file__), *sorted(path for path in _SOURCE.rglob("*") if path.is_file() and "__pycache__" not in path.parts)):
        found.update(path.name.encode() + path.read_bytes())
    return found.hexdigest()


def fresh() -> bool:
    """Whether the compiled engine is there and made of the sources as they are."""
    mark = FOLDER / "stamp"
    return mark.is_file() and mark.read_text(encoding="ascii") == _stamp()


def environment() -> dict[str, str]:
    """The variables under which a process runs the compiled engine."""
    return os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, (str(FOLDER), os.environ.get("PYTHONPATH"))))}


def make() -> None:
    """Compiles; leaves what was there alone until it has worked.

    Raises:
        RuntimeError: The compiler's own words.
    """
    stamp = _stamp()
    work = FOLDER.with_name("compiled.new")
    shutil.rmtree(work, ignore_errors=True)
    shutil.copytree(_SOURCE, work / "v5_core", ignore=shutil.ignore_patterns("__pycache__"))
    command = [sys.executable, "-c", _BUILD, str(ROOT / "pyproject.toml"), *(f"v5_core/{name}" for name in MODULES)]
    # The path stays out of it, so that these very sources are compiled.
    variables = os.environ | {"PYTHONPATH": "", "MYPYPATH": str(work)}
    done = subprocess.run(command, cwd=work, env=variables, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    if done.returncode:
        raise RuntimeError(done.stdout.strip()[-2000:])
    for rest in ("build", ".mypy_cache"):
        shutil.rmtree(work / rest, ignore_errors=True)
    (work / "stamp").write_text(stamp, encoding="ascii")
    shutil.rmtree(FOLDER, ignore_errors=True)
    work.rename(FOLDER)


def main(arguments: list[str] | None = None) -> int:
    """Entry point of `./v5 compile`."""
    parser = argparse.ArgumentParser(prog="v5 compile", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quiet", action="store_true", help="say nothing when it is there already")
    options = parser.parse_args(arguments)
    if fresh():
        if not options.quiet:
            print("the compiled engine is there: V5_ENGINE=compiled ./v5 ... runs it")
        return 0
    reason = obstacle()
    if reason:
        print(f"the engine cannot be compiled here: {reason}", file=sys.stderr)
        return 1
    print("compiling the engine (a minute)", file=sys.stderr)
    try:
        make()
    except RuntimeError as error:
        print(error, file=sys.stderr)
        return 1
    print(f"compiled into {FOLDER}: V5_ENGINE=compiled ./v5 ... runs it", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main())
