"""Packages are named where they have to be, and imports are held against the contracts."""

import ast
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
BESIDE = {"bench", "scripts", "tests"}
"""Folders with code that is not shipped."""
SHIPPED = sorted({path.parent.name for path in ROOT.glob("*/__init__.py")} - BESIDE)
BROKEN = {
    "bot/app.py": "import discord",
    "bot/ask_limiter.py": "import discord",
    "bot/delivery/desk.py": "from bot.storage import due",
    "bot/model/chat.py": "from handlers import menu",
    "handlers/help.py": "import redis",
    "newsroom/model.py": "from bot.model import chat",
    "runtime/log.py": "from stories import story",
    "stories/edition.py": "from wording import words",
    "wording/words.py": "from bot.model import rule",
}
"""What may not be imported where."""


def test_every_package_is_in_the_wheel() -> None:
    assert PROJECT["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"] == SHIPPED


def test_every_package_is_in_the_container() -> None:
    dockerfile = (ROOT / "Dockerfile").read_text("utf-8")
    assert sorted(re.findall(r"^COPY (\w+) \1$", dockerfile, re.M)) == SHIPPED


def test_the_types_of_every_package_are_checked() -> None:
    assert PROJECT["tool"]["mypy"]["files"] == sorted({*SHIPPED, *BESIDE})


def test_the_imports_of_every_package_are_held_against_the_contracts() -> None:
    assert PROJECT["tool"]["importlinter"]["root_packages"] == SHIPPED


def test_the_map_names_every_package_and_nothing_that_is_not_there() -> None:
    text = (ROOT / "ARCHITECTURE.md").read_text("utf-8")
    drawn = text.partition("```text\n")[2].partition("\n```")[0]
    folder, packages = "", []
    for line in drawn.splitlines():
        if head := re.match(r"(\w+)/ ", line):
            folder = head[1]
            packages.append(folder)
        elif entry := re.match(r"  ([\w.]+)/? ", line):
            assert (ROOT / folder / entry[1]).exists(), line
        for module in re.findall(r"\b[a-z_]+\.py\b", line):
            assert list((ROOT / folder).rglob(module)), f"{folder} has no {module}"
    assert sorted(packages) == SHIPPED


def test_every_third_party_package_is_named_where_it_may_be_imported() -> None:
    contracts = PROJECT["tool"]["importlinter"]["contracts"]
    named = {each for contract in contracts for each in contract.get("protected_modules", ())}
    named |= {
        each
        for contract in contracts
        if contract.get("ignore_imports")
        for each in contract.get("forbidden_modules", ())
    }
    assert set(_third_party()) <= named


def _third_party() -> Iterator[str]:
    ours = {*SHIPPED, *sys.stdlib_module_names}
    for package in SHIPPED:
        for path in (ROOT / package).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text("utf-8"))):
                match node:
                    case ast.Import(names):
                        modules = [each.name for each in names]
                    case ast.ImportFrom(module=str(module), level=0):
                        modules = [module]
                    case _:
                        continue
                yield from {each.partition(".")[0] for each in modules} - ours


def test_an_import_that_no_contract_allows_fails_the_lint(tmp_path: Path) -> None:
    for package in SHIPPED:
        skipped = shutil.ignore_patterns("__pycache__")
        shutil.copytree(ROOT / package, tmp_path / package, ignore=skipped)
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    for name, line in BROKEN.items():
        file = tmp_path / name
        file.write_text(f"{file.read_text('utf-8')}\n{line}\n", "utf-8")
    lint = [str(Path(sys.executable).with_name("lint-imports")), "--no-cache"]
    run = subprocess.run(lint, cwd=tmp_path, capture_output=True, text=True, check=False)  # noqa: S603
    assert run.returncode == 1, run.stdout + run.stderr
    for name, line in BROKEN.items():
        imported = line.split()[1]
        broken = f"{name[:-3].replace('/', '.')} -> {imported}"
        assert broken in run.stdout, f"nobody minds {line} in {name}"
