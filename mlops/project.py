"""The project as its stack files describe it: settings of all three accounts, read before anything is touched."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import yaml

from infra.settings import ENVIRONMENTS, NAMESPACE, Environment, Settings, SettingsError, parse

ROOT = Path(__file__).resolve().parent.parent
# Facts about all three accounts, which each stack file states and which must not differ.
COMMON = ("accounts", "region", "jenkins", "same_account", "permissions")


def stack_file(environment: str, root: Path = ROOT) -> Path:
    """The stack file of one environment."""
    return root / f"Pulumi.{environment}.yaml"


def load_settings(root: Path = ROOT) -> Mapping[Environment, Settings]:
    """The settings of the three stacks; raises :class:`SettingsError` with every problem in every file."""
    problems: list[str] = []
    settings: dict[Environment, Settings] = {}
    for environment in ENVIRONMENTS:
        path = stack_file(environment, root)
        try:
            settings[environment] = _parse_file(path, environment)
        except SettingsError as error:
            problems.append(str(error))
    if not problems:
        problems = _disagreements(settings)
    if problems:
        raise SettingsError("\n".join(problems))
    return settings


def _parse_file(path: Path, environment: Environment) -> Settings:
    if not path.is_file():
        raise SettingsError(f"{path.name} is missing; restore it from the repository")
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8")) or {}
    except yaml.YAMLError as error:
        raise SettingsError(f"{path.name} is not YAML: {error}") from error
    config = content.get("config") if isinstance(content, dict) else None
    raw = (config or {}).get(f"{NAMESPACE}:settings")
    # Before anything else: what the other environment's file has to say would not help.
    if isinstance(raw, dict) and raw.get("environment") in ENVIRONMENTS and raw["environment"] != environment:
        raise SettingsError(f"{path.name}: environment is {raw['environment']!r}; write `environment: {environment}`")
    return parse(raw, origin=path.name)


def _disagreements(settings: Mapping[Environment, Settings]) -> list[str]:
    registry = settings["registry"]
    problems = []
    for environment in ("dev", "prod"):
        for field in COMMON:
            here, there = getattr(settings[environment], field), getattr(registry, field)
            if here != there:
                problems.append(
                    f"Pulumi.{environment}.yaml: {field} is {_plain(here)}, but Pulumi.registry.yaml says "
                    f"{_plain(there)}; write the same in both"
                )
        unknown = set(settings[environment].models) - set(registry.models)
        if unknown:
            problems.append(
                f"Pulumi.{environment}.yaml: models {', '.join(sorted(unknown))} have no group; "
                "add them to Pulumi.registry.yaml"
            )
    return problems


def _plain(value: object) -> str:
    dump = getattr(value, "model_dump", None)
    return str(dump(exclude_none=True) if dump else value)
