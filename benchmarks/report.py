"""What was measured: printed line by line, and kept as JSON and as a Markdown table for the documentation."""

from __future__ import annotations

import importlib
import json
import os
import platform
import statistics
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from benchmarks.timing import Samples

SCALES = {"µs": 1e-6, "ms": 1e-3, "MiB": 2**20}
LIBRARIES = {
    "tinynet": "tinynet",
    "torch": "PyTorch",
    "onnxruntime": "ONNX Runtime",
    "sklearn": "scikit-learn",
    "import numpy": "`import numpy`",
}


@dataclass
class Figure:
    """The median of one library, half of the middle 50 % around it, and how many times tinynet's it is."""

    median: float
    spread: float
    samples: int
    ratio: float


@dataclass
class Line:
    """One line of the table: what was done, and a figure for each library, in `unit`."""

    name: str
    unit: str
    figures: dict[str, Figure]


def line(name: str, unit: str, samples: Samples) -> Line:
    """Return the line for samples in seconds or bytes."""
    ours = statistics.median(samples["tinynet"])
    figures = {}
    for library, values in samples.items():
        low, median, high = statistics.quantiles(values, n=4)
        scale = SCALES[unit]
        figures[library] = Figure(median / scale, (high - low) / 2 / scale, len(values), median / ours)
    return Line(name, unit, figures)


def text(row: Line) -> str:
    """Return a line as it is printed."""
    cells = []
    for library, figure in row.figures.items():
        ratio = "" if library == "tinynet" else f" = {figure.ratio:5.2f}x"
        cells.append(f"{library} {figure.median:9,.2f} ±{100 * figure.spread / figure.median:3.0f} %{ratio}")
    return f"{row.name:30s} {row.unit:3s}  " + "   ".join(cells)


def describe_machine(threads: int) -> dict[str, Any]:
    """Return the versions, the processor and the threads that the figures belong to."""
    versions = {"Python": platform.python_version()}
    for library in ("tinynet", "numpy", "torch", "onnxruntime", "sklearn"):
        try:
            versions[library] = str(importlib.import_module(library).__version__)
        except ImportError:
            versions[library] = "not installed"
    return {"versions": versions, "processor": _processor(), "cores": os.cpu_count(), "threads": threads}


def machine_text(machine: dict[str, Any]) -> str:
    """Return in one line what was measured on."""
    versions = ", ".join(f"{LIBRARIES.get(name, name)} {version}" for name, version in machine["versions"].items())
    return f"{machine['processor']}, {machine['cores']} cores, {machine['threads']} threads each; {versions}"


def save(folder: Path, machine: dict[str, Any], groups: dict[str, list[Line]]) -> None:
    """Write ``performance.json`` and ``performance.md``, the tables, into `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    kept = {"machine": machine, "groups": {title: [asdict(row) for row in rows] for title, rows in groups.items()}}
    (folder / "performance.json").write_text(json.dumps(kept, indent=1, ensure_ascii=False) + "\n", "utf-8")
    (folder / "performance.md").write_text(_markdown(machine, groups), "utf-8")


def _markdown(machine: dict[str, Any], groups: dict[str, list[Line]]) -> str:
    parts = [f"Measured on: {machine_text(machine)}.\n"]
    for title, rows in groups.items():
        libraries = list(dict.fromkeys(library for row in rows for library in row.figures))
        parts.append(f"**{title}**\n")
        parts.append("| | " + " | ".join(LIBRARIES[library] for library in libraries) + " |")
        parts.append("| --- |" + " ---: |" * len(libraries))
        parts += [
            f"| {row.name} | " + " | ".join(_cell(row, library) for library in libraries) + " |" for row in rows
        ]
        parts.append("")
    return "\n".join(parts)


def _cell(row: Line, library: str) -> str:
    figure = row.figures.get(library)
    if figure is None:
        return ""
    value = f"{figure.median:,.0f}" if figure.median >= 100 else f"{figure.median:.3g}"
    measured = f"{value} {row.unit} ± {100 * figure.spread / figure.median:.0f} %".replace(" ", "\u00a0")
    return measured if library == "tinynet" else f"{measured}, **{figure.ratio:.2f}x**"


def _processor() -> str:
    """Return the processor's name, where the system tells it."""
    cpuinfo = Path("/proc/cpuinfo")
    for row in cpuinfo.read_text().splitlines() if cpuinfo.exists() else []:
        if row.startswith("model name"):
            return row.partition(":")[2].strip()
    return platform.processor() or platform.machine()
