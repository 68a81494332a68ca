#!/usr/bin/env -S uv run --script
# /// script
# dependencies = ["nox[uv]>=2025.11.12"]
# ///
"""What a change has to pass, each check in an environment of its own: `nox -l` lists them, `nox -s NAME` runs one."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

import nox

nox.needs_version = ">=2025.11.12"
nox.options.default_venv_backend = "uv|virtualenv"
nox.options.download_python = "never"  # sessions whose Python is not there are skipped

PROJECT = nox.project.load_toml("pyproject.toml")
PYTHONS = nox.project.python_versions(PROJECT)
OLDEST = PYTHONS[0]
LAST_MYPY_FOR_3_9 = "mypy==1.19.1"


@nox.session(python=PYTHONS)
def tests(session: nox.Session) -> None:
    """Run the tests with the newest dependencies; arguments go to pytest."""
    session.install("-e", ".[test]")
    session.run("python", "-m", "pytest", *session.posargs)


@nox.session(python=OLDEST, venv_backend="uv", default=False)
def lowest(session: nox.Session) -> None:
    """Run the tests with the oldest dependencies that are declared."""
    session.install("--resolution", "lowest-direct", ".[test]")
    session.run("python", "-m", "pytest", *session.posargs)


@nox.session(default=False)
def coverage(session: nox.Session) -> None:
    """Measure which lines and branches the tests reach; less than `fail_under` of pyproject.toml fails."""
    session.install("-e", ".[test]", "coverage>=7.10")
    environment = {"COVERAGE_FILE": f"{session.create_tmp()}/coverage"}
    session.run("coverage", "run", "-m", "pytest", "-n0", *session.posargs, env=environment)  # workers are not seen
    session.run("coverage", "report", env=environment)


@nox.session(default=False)
def mutation(session: nox.Session) -> None:
    """Change the mathematics and the reader of files in thousands of small ways, and see the tests fail for each."""
    extras = PROJECT["project"]["optional-dependencies"]
    # Not tinynet itself, which would be imported in place of its changed copy.
    session.install(*PROJECT["project"]["dependencies"], *extras["test"], "mutmut==3.8.1", "pytest-timeout==2.4.0")
    copy = Path(session.create_tmp(), "copy")
    shutil.rmtree(copy, ignore_errors=True)
    for folder in ("src", "tests", "examples"):
        shutil.copytree(folder, copy / folder, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy("pyproject.toml", copy)
    session.chdir(copy)
    # By name, for then mutmut looks first whether it finds the tests of these mutants: one that it does not find
    # would count as one that fails.
    mutants = session.posargs or ["tinynet.*"]
    session.run("mutmut", "run", *mutants, silent=not session.interactive, env={"OPENBLAS_NUM_THREADS": "1"})
    session.run("python", "tests/mutation/judge.py")


@nox.session
def lint(session: nox.Session) -> None:
    """Check style and format."""
    session.install("ruff>=0.17,<0.18")
    session.run("ruff", "check", ".")
    session.run("ruff", "format", "--check", ".")


@nox.session(python=OLDEST)
def types_oldest(session: nox.Session) -> None:
    """Check types with the last mypy for the oldest Python."""
    # Without the pictures' libraries: the stubs of their last releases for this Python differ from today's.
    session.install("numpy", LAST_MYPY_FOR_3_9)
    session.run("mypy")


@nox.session
def types(session: nox.Session) -> None:
    """Check types: strictly, and that everything public has a type which every checker reads alike."""
    session.install("-e", ".[lint]", "pyright[nodejs]")
    session.run("mypy")
    session.run("pyright", "--verifytypes", "tinynet", "--ignoreexternal")


@nox.session
def docs(session: nox.Session) -> None:
    """Build the documentation into docs/_build; a warning is an error."""
    session.install("-e", ".[docs]")
    session.run("python", "-m", "sphinx", "-n", "-W", "--keep-going", "-q", "-b", "html", "docs", "docs/_build")


@nox.session
def build(session: nox.Session) -> None:
    """Build sdist and wheel into the folder that is given or a temporary one, and check both."""
    session.install(*nox.project.dependency_groups(PROJECT, "build"))
    with tempfile.TemporaryDirectory() as temporary:
        folder = session.posargs[0] if session.posargs else temporary
        session.run("python", "-m", "build", "--outdir", folder)
        archives = [str(path) for path in sorted(Path(folder).iterdir())]
        session.run("twine", "check", "--strict", *archives)
        session.run("check-wheel-contents", folder)


@nox.session
def checkers(session: nox.Session) -> None:
    """Let other people's checkers judge metadata, workflows, spelling and docstrings."""
    session.install(*nox.project.dependency_groups(PROJECT, "checkers"))
    sources = [str(path) for path in sorted(Path("src").rglob("*.py"))]
    config = ".github/ISSUE_TEMPLATE/config.yml"
    forms = sorted({str(path) for path in Path(".github/ISSUE_TEMPLATE").glob("*.yml")} - {config})
    workflows = [str(path) for path in sorted(Path(".github/workflows").glob("*.yml"))]
    session.run("repo-review", ".")
    session.run("validate-pyproject", "pyproject.toml")
    session.run("vermin", "--target=3.9-", "--no-tips", "--quiet", "--eval-annotations", "src")
    session.run("zizmor", "--offline", "--pedantic", ".")
    session.run("codespell")
    session.run("numpydoc", "lint", *sources, log=False)
    session.run("interrogate", "src")
    for schema, files in [
        ("citation-file-format", ["CITATION.cff"]),
        ("dependabot", [".github/dependabot.yml"]),
        ("github-issue-config", [config]),
        ("github-issue-forms", forms),
        ("github-workflows", workflows),
    ]:
        session.run("check-jsonschema", "--builtin-schema", f"vendor.{schema}", *files)


@nox.session(default=False)
def fuzz(session: nox.Session) -> None:
    """Read mutated checkpoint files for a minute, or as the arguments say."""
    session.install("-e", ".[test]")
    session.run("python", "tests/checkpoint/fuzz.py", *(session.posargs or ["--seconds", "60"]))


@nox.session(default=False)
def bench(session: nox.Session) -> None:
    """Measure beside PyTorch, scikit-learn and ONNX Runtime; arguments go to `python -m benchmarks`."""
    session.install("-e", ".[bench]")
    session.run("python", "-m", "benchmarks", *session.posargs)


if __name__ == "__main__":
    nox.main()
