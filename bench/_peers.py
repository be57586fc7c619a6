"""Other systems, installed beside the project on first use, for measurements in the same run. Their scripts lie in V5_BENCH_PEERS."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[1]
SCRIPTS: Final = Path(os.environ.get("V5_BENCH_PEERS", ROOT.parent / "shared" / "bench_peers"))
_HOME: Final = ROOT / ".v5" / "peers"
_MEDUSA: Final = ("@medusajs/promotion@2.21.2", "@medusajs/framework@2.21.2")
_OSCAR: Final = "django-oscar[sorl-thumbnail]==4.2.1"


def medusa() -> Path | None:
    """A folder with Medusa's packages and the script; None (with the reason said) when it cannot be had."""
    script = SCRIPTS / "rules" / "bench_medusa.js"
    npm = shutil.which("npm")
    if not script.is_file() or npm is None:
        print(f"no Medusa: {'npm is not installed' if npm is None else f'{script} is not there'}")
        return None
    folder = _HOME / "medusa"
    if not (folder / "node_modules" / "@medusajs" / "framework").is_dir():
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "package.json").write_text('{"private": true}\n', encoding="utf-8")
        done = subprocess.run(
            [npm, "install", "--no-audit", "--no-fund", *_MEDUSA], cwd=folder, capture_output=True, text=True, check=False
        )
        if done.returncode:
            print(f"no Medusa: npm failed: {done.stderr.strip()[-300:]}")
            return None
    shutil.copyfile(script, folder / script.name)
    return folder


def oscar() -> tuple[Path, Path] | None:
    """A Python with django-oscar, and the script; None (with the reason said) when they cannot be had."""
    script = SCRIPTS / "oscar" / "bench_oscar.py"
    uv = shutil.which("uv") or (str(ROOT / ".tools/bin/uv") if (ROOT / ".tools/bin/uv").exists() else None)
    if not script.is_file() or uv is None:
        print(f"no django-oscar: {'uv is not on the PATH' if uv is None else f'{script} is not there'}")
        return None
    python = _HOME / "oscar" / "bin" / "python"
    if not python.exists():
        for command in (
            [uv, "venv", "-q", "--python", sys.executable, str(_HOME / "oscar")],
            [uv, "pip", "install", "-q", "--python", str(python), _OSCAR],
        ):
            done = subprocess.run(command, capture_output=True, text=True, check=False)
            if done.returncode:
                shutil.rmtree(_HOME / "oscar", ignore_errors=True)
                print(f"no django-oscar: {done.stderr.strip()[-300:]}")
                return None
    return python, script
