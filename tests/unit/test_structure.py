"""Rules of the house that no type checker sees."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
COMPONENTS = [
    (path, node)
    for path in sorted((ROOT / "infra").rglob("*.py"))
    for node in ast.walk(ast.parse(path.read_text()))
    if isinstance(node, ast.ClassDef) and any("ComponentResource" in ast.unparse(base) for base in node.bases)
]


def imports(path):
    return set(re.findall(r"^\s*(?:from|import) ([a-zA-Z_]\w*)", path.read_text(), re.MULTILINE))


@pytest.mark.parametrize(("path", "component"), COMPONENTS, ids=lambda value: getattr(value, "name", ""))
def test_component_registers_its_outputs_last_under_its_own_type(path, component):
    init = next(f for f in component.body if isinstance(f, ast.FunctionDef) and f.name == "__init__")
    assert "self.register_outputs(" in ast.unparse(init.body[-1])
    assert f"'model-promotion:{path.parent.name}:{component.name}'" in ast.unparse(init.body[0])


@pytest.mark.parametrize(
    ("folder", "forbidden"),
    [
        ("infra", {"stacks", "mlops", "sandbox", "boto3"}),
        ("stacks", {"mlops", "sandbox", "boto3"}),
        ("ml", {"infra", "stacks", "mlops", "sandbox"}),
        ("sandbox", {"infra", "stacks", "mlops", "ml"}),
        ("policy-pack", {"infra", "stacks", "mlops", "sandbox", "ml", "boto3"}),
    ],
)
def test_imports_go_one_way(folder, forbidden):
    crossing = {
        f"{path.relative_to(ROOT)} imports {name}"
        for path in (ROOT / folder).rglob("*.py")
        for name in imports(path) & forbidden
    }
    assert crossing == set()


def test_the_committed_files_name_no_registry_host_and_no_machine_path():
    here = "|".join(re.escape(f"{folder}/") for folder in (ROOT, Path.home()) if folder != Path("/"))
    hosts = re.compile(rf"https?://[\w.-]*(?:pypi|pythonhosted|npmjs|proxy\.golang|maven)[\w.-]*|{here}")
    found = [
        str(path.relative_to(ROOT))
        for folder in (
            "infra",
            "stacks",
            "ml",
            "mlops",
            "sandbox",
            "tools",
            "requirements",
            "docs",
            "bench",
            "policy-pack",
        )
        for path in (ROOT / folder).rglob("*")
        if path.is_file()
        and "node_modules" not in path.parts
        and path.suffix in (".py", ".lock", ".md", ".json", ".toml", ".in", ".mod")
        and hosts.search(path.read_text())
    ]
    assert found == []
