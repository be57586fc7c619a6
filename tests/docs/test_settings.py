"""What the pages say of commands and settings is what the programs have: every one of them, and nothing else."""

from __future__ import annotations

import importlib
import re
import shlex
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import typer
from pydantic import BaseModel

from v5_agent.config import AgentConfig, SourceConfig
from v5_cloud.kit.settings import Settings
from v5_plugin_phc import tables
from v5_plugin_phc.config import PhcConfig
from v5_spooler.config import load_config
from v5_spooler.receipt.layout import load_layout

if TYPE_CHECKING:
    from tests.docs.conftest import Page


PROGRAMS = {"agent": "v5_agent.cli", "cloud": "v5_cloud.cli", "spooler": "v5_spooler.cli", "plugin": "v5_tools.plugin"}


def tree(program: str) -> Any:
    module = importlib.import_module(PROGRAMS[program])
    return typer.main.get_command(module.app)


def commands(text: str) -> list[list[str]]:
    """Our own commands in a shell block, without comments."""
    found = []
    for line in text.replace("\\\n", " ").splitlines():
        words = shlex.split(re.split(r" [>|] ", line)[0], comments=True)
        while words and "=" in words[0]:
            words.pop(0)
        if words and re.fullmatch(r"(.*/)?(v5|v5-agent|v5-cloud|v5-spooler)", words[0]):
            name = Path(words[0]).name
            found.append(words[1:] if name == "v5" else [name.removeprefix("v5-"), *words[1:]])
    return found


def walk(words: list[str], *, whole: bool) -> str:
    """What is wrong with a command line (or, when it is not `whole`, with its beginning); empty when the program would understand it."""
    if words[0] not in PROGRAMS or not (whole or words[1:]):
        return ""
    command = tree(words[0])
    rest = words[1:]
    while hasattr(command, "commands"):
        if rest and rest[0] in command.commands:
            command = command.commands[rest.pop(0)]
        else:
            return "" if rest in (["--help"], ["--version"]) else f"no command {rest[:1]} in {command.name}"
    if not whole:
        return ""
    known = {option for parameter in command.params for option in (*parameter.opts, *parameter.secondary_opts)}
    unknown = [word for word in rest if word.startswith("--") and word.split("=")[0] not in known | {"--help"}]
    if unknown:
        return f"no option {unknown} in {command.name}"
    try:
        command.make_context(command.name, list(rest), resilient_parsing=False).close()
    except Exception as error:  # noqa: BLE001 - the parser's own errors: a missing option, a value that cannot be read
        return "" if "does not exist" in str(error) else f"{type(error).__name__}: {error}"
    return ""


@pytest.fixture
def on_the_pages(pages: list[Page]) -> list[tuple[str, list[str], bool]]:
    """Page, words, and whether it stands in a shell block, to be typed as it is."""
    text = [(page.name, block.text, True) for page in pages for block in page.blocks if block.language == "sh"]
    text += [(page.name, inline, False) for page in pages for inline in re.findall(r"`((?:\./)?v5[ -][a-z][^`…]*)`", page.text)]
    return [(name, words, whole) for name, block, whole in text for words in commands(block) if words]


def test_every_command_of_every_page_is_understood(on_the_pages: list[tuple[str, list[str], bool]]) -> None:
    assert len(on_the_pages) > 25
    wrong = [f"{name}: {' '.join(words)}: {problem}" for name, words, whole in on_the_pages if (problem := walk(words, whole=whole))]
    assert wrong == []


def test_every_verb_of_every_page_is_one_of_the_door(on_the_pages: list[tuple[str, list[str], bool]], root: Path) -> None:
    door = (root / "v5").read_text(encoding="utf-8")
    verbs = set(re.findall(r"^  ([a-z]+)\)", door, flags=re.MULTILINE)) | {"--help"}
    assert {words[0] for _, words, _ in on_the_pages} - verbs == set()
    assert {"demo", "test", "agent", "cloud"} <= {words[0] for _, words, _ in on_the_pages}


def test_the_cloud_settings_are_all_there_with_their_defaults(page: Callable[[str], Page]) -> None:
    listed: dict[str, str] = {}
    operations = page("operations.md")
    for names, defaults in zip(operations.table_column("Start"), operations.table_column("Start", 1), strict=True):
        listed |= dict(zip(re.findall(r"V5_[A-Z_]+", names), re.split(r"`?, `?", defaults), strict=True))
    expected = {f"V5_{name.upper()}": field.default for name, field in Settings.model_fields.items()}
    assert listed.keys() == expected.keys()
    told = Settings.from_env({name: value.strip("`| ") for name, value in listed.items()})
    assert told == Settings()


def leaves(model: type[BaseModel], prefix: str) -> dict[str, Any]:
    return {f"{prefix}.{name}": field.default for name, field in model.model_fields.items()}


def test_the_agent_settings_are_all_there_with_their_defaults(page: Callable[[str], Page]) -> None:
    install = page("install-agent.md")
    names, defaults = install.table_column("3. agent.toml"), install.table_column("3. agent.toml", 1)
    expected: dict[str, Any] = {}
    for name, field in AgentConfig.model_fields.items():
        model = SourceConfig if name == "source" else field.annotation
        assert isinstance(model, type)
        assert issubclass(model, BaseModel)
        expected |= leaves(model, name)
    assert set(names) == set(expected)
    for name, told in zip(names, defaults, strict=True):
        if re.fullmatch(r"[\d.]+", told):
            assert float(told) == expected[name], name
        elif told in {"true", "false"}:
            assert (told == "true") is expected[name], name


def test_the_example_of_agent_toml_is_taken(page: Callable[[str], Page]) -> None:
    raw = tomllib.loads(page("install-agent.md").one("agent.toml"))
    phc = raw["source"][0]["config"]
    assert phc["password"] == {"env": "V5_PHC_PASSWORD"}
    config = AgentConfig.model_validate(raw)
    assert [source.key for source in config.source if source.enabled] == ["phc"]
    PhcConfig.model_validate(phc | {"password": "secret", "store": "LX1", "source": "phc"})


def test_the_example_of_spooler_toml_is_taken(page: Callable[[str], Page], tmp_path: Path) -> None:
    (tmp_path / "spooler.toml").write_text(page("install-agent.md").one("spooler.toml"), encoding="utf-8")
    (tmp_path / "hooks.token").write_text("the token\n", encoding="utf-8")
    config = load_config(tmp_path / "spooler.toml")
    assert config.agent is not None
    assert config.agent.token.get_secret_value() == "the token"
    assert config.page.port == 8760
    for printer in config.printer:
        assert load_layout(printer.layout)


def test_the_grants_are_the_tables_that_the_plugin_reads(page: Callable[[str], Page]) -> None:
    granted = set(re.findall(r"GRANT SELECT ON dbo\.(\w+) TO", page("install-agent.md").one("PHC")))
    assert granted == set(tables.ft.metadata.tables)


def test_the_codes_of_the_troubleshooting_table_are_said_by_the_code(page: Callable[[str], Page], root: Path) -> None:
    parts = ("core", "agent", "plugins/phc", "cloud")
    sources = "".join(path.read_text(encoding="utf-8") for part in parts for path in (root / part / "src").rglob("*.py"))
    codes = [code.strip(" `") for cell in page("install-agent.md").table_column("Troubleshooting") for code in cell.split(",")]
    assert len(codes) > 20
    assert [code for code in codes if f'"{code}"' not in sources] == []


def test_the_quality_rules_are_those_that_lint_asks(page: Callable[[str], Page]) -> None:
    lint = importlib.import_module("v5_tools.plugin_lint")
    assert set(page("write-a-plugin.md").table_column("quality.yaml, and what `lint` asks")) == set(lint.QUALITY_RULES)


def test_every_environment_variable_of_the_pages_is_read_by_something(pages: list[Page], root: Path) -> None:
    folders = ("core/src", "agent/src", "cloud/src", "spooler/src", "tools", "tests/conftest.py", "tests/corpus", "plugins", "v5")
    code = ""
    for folder in folders:
        path = root / folder
        files = [path] if path.is_file() else [one for one in path.rglob("*.py") if "node_modules" not in one.parts]
        code += "".join(one.read_text(encoding="utf-8") for one in files)
    settings = {f"V5_{name.upper()}" for name in Settings.model_fields}
    named = {name for page in pages for name in re.findall(r"\bV5_[A-Z_]+\b", page.text)}
    made_up = {"V5_PHC_PASSWORD", "V5_KEY"}  # the reader's own, in examples
    assert [name for name in sorted(named - settings - made_up) if name not in code] == []
