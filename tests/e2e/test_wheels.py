"""What an installer gets: wheels carry their pages, words and styles, and say them outside the checkout."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from v5_cloud.frontend.build import build

ROOT = Path(__file__).resolve().parents[2]
PARTS = ("core", "cloud", "agent", "spooler")
ASK = """
import v5_cloud, v5_agent, v5_spooler, v5_core, sys
assert all(one.__file__.startswith(sys.argv[1]) for one in (v5_cloud, v5_agent, v5_spooler, v5_core))

from fastapi.testclient import TestClient
from v5_cloud.app import create_app
from v5_cloud.kit.settings import Settings
from v5_cloud.migrations import migrate

settings = Settings(database_url=f"sqlite:///{sys.argv[2]}/v5.sqlite", housekeeping_seconds=0)
migrate(settings)
app = create_app(settings)
client = TestClient(app)
for language in ("pt", "en", "es", "fr", "he"):
    print(client.get("/login", headers={"cookie": f"v5_lang={language}"}).text)
app.state.v5.database.dispose()

from v5_agent.i18n import languages, text
from v5_agent.pages import _environment
from v5_spooler.web.app import _static, _templates

_environment().get_template("companion.html"), _environment().get_template("health.html")
_templates.get_template("home.html"), _templates.get_template("job.html")
assert _static("spooler.css")
print(*[text(one, "ui.title") for one in languages()])
"""


def test_wheels_speak_five_languages_outside_the_checkout(tmp_path: Path) -> None:
    uv = shutil.which("uv") or str(Path(sys.executable).with_name("uv"))
    if not Path(uv).is_file():
        pytest.skip("uv is not installed: it builds the wheels")
    build()
    wheels, place = tmp_path / "wheels", tmp_path / "installed"
    for part in PARTS:
        run([uv, "build", "--wheel", "--quiet", "--out-dir", str(wheels), str(ROOT / part)], tmp_path)
    # Only our own packages come from the wheels; what they need is there already, so that nothing is fetched.
    run([uv, "pip", "install", "--quiet", "--no-deps", "--target", str(place), *map(str, wheels.glob("*.whl"))], tmp_path)
    said = run([sys.executable, "-c", ASK, str(place), str(tmp_path)], tmp_path, PYTHONPATH=str(place))
    for words in ("Bom regresso", "Welcome back", "Bienvenido de nuevo", "Heureux de vous revoir", "ברוכים השבים", "עזר לקופה"):
        assert words in said, words


def run(command: list[str], folder: Path, **extra: str) -> str:
    done = subprocess.run(command, cwd=folder, env=os.environ | extra, capture_output=True, text=True, check=False, timeout=300)
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout
