# ruff: noqa: S101 - assertions are what a conformance kit is made of
"""Conformance: who the plugin is, and what `check` says."""

from __future__ import annotations

import logging
import re
from importlib.metadata import EntryPoint, entry_points
from typing import TYPE_CHECKING, Final

import pytest

from v5_core.errors import AuthError, ConfigError, RetryableError
from v5_core.plugins import CONTRACT_VERSION, Capability, Manifest, PluginConfig, Stream, Support, SupportLevel, load_plugins
from v5_core.testing._base import Base
from v5_core.testing._harness import NOON, Facility, Harness, Sale

if TYPE_CHECKING:
    from v5_core.plugins import Plugin

_SECRET_NAME: Final = re.compile(r"password|passphrase|secret|token|api_?key|private", re.IGNORECASE)
_READS: Final = (Capability.READ_DOCUMENTS, Capability.READ_DOCUMENT_CHANGES, Capability.READ_CUSTOMERS, Capability.READ_PRODUCTS)


def _can_read(plugin: Plugin) -> bool:
    return any(plugin.manifest.supports(capability) for capability in _READS)


class Checking(Base):
    """Manifest, entry point, `check`, secrets."""

    def test_manifest_is_complete(self) -> None:
        """Slug, title, vendor, version, contract, config model, and an answer for every capability."""
        manifest = self.plugin.manifest
        assert isinstance(manifest, Manifest)
        assert re.fullmatch(r"[a-z][a-z0-9_]{1,39}", manifest.slug), "the slug is lower-case letters, digits and underscores"
        assert manifest.title.strip()
        assert manifest.vendor.strip()
        assert re.match(r"\d+\.\d+", manifest.version), "the version begins with two numbers"
        assert manifest.contract_version == CONTRACT_VERSION
        assert issubclass(manifest.config_model, PluginConfig)
        missing = [capability.value for capability in Capability if capability not in manifest.capabilities]
        assert not missing, f"the manifest says nothing about: {missing}"
        for capability, support in manifest.capabilities.items():
            assert isinstance(support, Support)
            versioned = support.level is SupportLevel.SINCE_VERSION
            assert versioned == bool(support.version), f"{capability}: a version belongs to 'since version', and only there"

    def test_slug_is_the_entry_point(self) -> None:
        """The environment finds the plugin under its slug, and loading gives this very plugin."""
        points = [point for point in entry_points(group="v5.plugins") if point.name == self.plugin.manifest.slug]
        assert len(points) == 1, f"one entry point in group v5.plugins must be called {self.plugin.manifest.slug!r}"
        loaded = load_plugins(points)[self.plugin.manifest.slug]
        assert loaded.plugin is self.plugin, loaded.problem

    def test_two_plugins_of_one_name_are_an_error(self) -> None:
        """A name collision disables both and says so; it never picks one of them."""
        slug = self.plugin.manifest.slug
        point = EntryPoint(slug, "v5_core.testing.hostile:plugin", "v5.plugins")
        loaded = load_plugins([point, point])[slug]
        assert loaded.plugin is None
        assert "two plugins" in loaded.problem

    def test_check_says_whether_it_can_read(self, source: Harness) -> None:
        """Right settings: ok. A plugin that reads nothing yet must not say ok, for nothing would ever come."""
        source.publish()
        result = self.plugin.check(source.config(), now=NOON)
        if _can_read(self.plugin):
            assert result.ok, result.problem
            assert not result.problem
        else:
            assert not result.ok
            assert "not implemented" in result.problem

    def test_check_refuses_a_wrong_password(self, source: Harness) -> None:
        """A wrong password is a result that says what to do, and an AuthError when reading."""
        self.needs(Facility.PASSWORD)
        config = source.wrong_password()
        result = self.plugin.check(config, now=NOON)
        assert not result.ok
        assert result.problem.strip()
        if _can_read(self.plugin):
            with pytest.raises(AuthError):
                self.plugin.read(Stream.DOCUMENTS, None, 10, config=config, now=NOON)

    def test_check_reports_an_unreachable_source(self, source: Harness) -> None:
        """Nothing answers: a result that says so; reading raises what the runner may retry, or asks for other settings."""
        self.needs(Facility.NETWORK)
        config = source.unreachable()
        result = self.plugin.check(config, now=NOON)
        assert not result.ok
        assert result.problem.strip()
        if _can_read(self.plugin):
            with pytest.raises((RetryableError, ConfigError)):
                self.plugin.read(Stream.DOCUMENTS, None, 10, config=config, now=NOON)

    def test_check_has_no_side_effects(self, source: Harness) -> None:
        """The installer and the health page call it at any time: the source stays as it was, and what comes next is unchanged."""
        self.needs(Capability.READ_DOCUMENTS)
        sale = source.sell(Sale())
        source.publish()
        before = source.fingerprint()
        for _ in range(3):
            self.plugin.check(source.config(), now=NOON)
        assert source.fingerprint() == before
        assert sale in self.drain(source).ids

    def test_secrets_are_not_shown(self, source: Harness, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]) -> None:
        """Not in the settings' repr or dump, not in a problem, a log, or on the console."""
        fields = self.plugin.manifest.config_model.model_fields
        open_secrets = [name for name, field in fields.items() if _SECRET_NAME.search(name) and "SecretStr" not in str(field.annotation)]
        assert not open_secrets, f"these settings must be SecretStr: {open_secrets}"
        said = []
        configs = [source.config()]
        configs += [source.wrong_password()] if Facility.PASSWORD not in self.lacks else []
        configs += [source.unreachable()] if Facility.NETWORK not in self.lacks else []
        with caplog.at_level(logging.DEBUG):
            for config in configs:
                result = self.plugin.check(config, now=NOON)
                said += [repr(config), str(config), str(config.model_dump()), repr(result)]
        console = capsys.readouterr()
        said += [caplog.text, console.out, console.err]
        for secret in source.secrets:
            assert not [text for text in said if secret in text], "a secret was shown"
