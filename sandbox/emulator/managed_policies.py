"""The documents of AWS's managed policies, out of moto's data file."""

from __future__ import annotations

import importlib.util
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from ministack.services import iam

_PREFIX = "arn:aws:iam::aws:policy"


class ManagedPolicies(dict[str, Any]):
    """ARN → ministack's policy record; read on first use, because few ask for one."""

    _loaded = False

    def _load(self) -> None:
        if self._loaded:
            return
        self._loaded = True
        for name, policy in _documents().items():
            path = policy.get("Path", "/")
            arn = f"{_PREFIX}{path}{name}"
            record = iam._make_aws_managed_record(f"{path}{name}".lstrip("/"), json.dumps(policy["Document"]))
            self[arn] = record

    def get(self, key: str, default: Any = None) -> Any:
        self._load()
        return super().get(key, default)

    def __contains__(self, key: object) -> bool:
        self._load()
        return super().__contains__(key)

    def __iter__(self) -> Iterator[str]:
        self._load()
        return super().__iter__()

    def items(self) -> Any:
        self._load()
        return super().items()


def attach_existing(original: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """Attach only a policy that exists, as AWS does; ministack attaches any ARN."""

    def attach(parameters: Any) -> Any:
        arn = parameters["PolicyArn"][0] if isinstance(parameters["PolicyArn"], list) else parameters["PolicyArn"]
        if not iam.policy_known(arn):
            return iam._error(404, "NoSuchEntity", f"Policy {arn} does not exist or is not attachable.")
        return original(parameters)

    return attach


def _documents() -> dict[str, Any]:
    """Read the file alone: importing moto's package for it would take a second."""
    package = importlib.util.find_spec("moto")
    if package is None or package.origin is None:
        raise ModuleNotFoundError("moto is not installed; AWS's managed policies are in it")
    file = Path(package.origin).parent / "iam" / "aws_managed_policies.py"
    spec = importlib.util.spec_from_file_location("sandbox_aws_managed_policies", file)
    if spec is None or spec.loader is None:
        raise ModuleNotFoundError(f"{file} cannot be read")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    documents: dict[str, Any] = json.loads(module.aws_managed_policies_data)
    return documents
