"""The wheel stands alone: installed in an empty folder, without the checkout, it builds and answers."""

import json
import shutil
import site
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tests.conftest import ARTICLE, ROOT, SEEDS

MOST_BYTES = 100_000_000


def run(*words, **options):
    return subprocess.run(list(map(str, words)), capture_output=True, text=True, check=True, **options).stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    """Built as `python -m build` does it, from a copy of what the checkout holds."""
    folder = tmp_path_factory.mktemp("wheel")
    source = folder / "source"
    for name in run("git", "ls-files", cwd=ROOT).splitlines():
        if name.split("/")[0] in ("rag", "pyproject.toml", "README.md", "LICENSE"):
            (source / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, source / name)
    run(sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", folder, source)
    (found,) = folder.glob("*.whl")
    return found


def test_it_holds_the_package_and_nothing_else(wheel):
    names = {name for name in zipfile.ZipFile(wheel).namelist() if not name.endswith("/")}
    ours = {name for name in names if name.startswith("rag/")}
    assert ours == set(run("git", "ls-files", "rag", cwd=ROOT).splitlines())
    assert {name.split("/")[0].partition("-")[2] for name in names - ours} == {"0.2.0.dist-info"}
    assert wheel.stat().st_size < MOST_BYTES


@pytest.mark.model
def test_it_builds_and_answers_in_an_empty_folder(wheel, tmp_path):
    run(sys.executable, "-m", "venv", "--without-pip", tmp_path / "env")
    python = tmp_path / "env" / "bin" / "python"
    run(sys.executable, "-m", "pip", "--python", python, "install", "--no-deps", "--no-index", wheel)
    # What it depends on is taken from here; the checkout is not, as its own place is in no such file.
    (packages,) = (tmp_path / "env").glob("lib/python*/site-packages")
    (packages / "here.pth").write_text("\n".join(site.getsitepackages()) + "\n")
    (tmp_path / "work" / "seeds").mkdir(parents=True)
    shutil.copy(SEEDS / ARTICLE, tmp_path / "work" / "seeds")
    rag = tmp_path / "env" / "bin" / "rag"
    here = {"cwd": tmp_path / "work"}
    assert run(rag, "--version", **here) == "rag 0.2.0\n"
    where = Path(run(python, "-c", "import rag; print(rag.__file__)", **here).strip())
    assert where.is_relative_to(packages)
    assert "1 article, 12 passages" in run(rag, "build", **here)
    reply = json.loads(run(rag, "ask", "Who is Japan's Prime Minister?", "--json", **here))
    assert reply["short_answer"] == "Sanae Takaichi"
    assert run(rag, "check", **here)
    (tmp_path / "work" / "answers.jsonl").write_text(json.dumps(reply) + "\n")
    assert "0 violations" in run(rag, "verify", "answers.jsonl", **here)
