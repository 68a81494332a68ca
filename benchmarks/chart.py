"""The chart of a run: how many times tinynet's time, or memory, the other libraries take."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from matplotlib.figure import Figure

#: A mark and a colour for each, which stay apart in print and for colour-blind readers.
LOOKS = {
    "torch": ("o", "#d55e00", "PyTorch"),
    "onnxruntime": ("s", "#0072b2", "ONNX Runtime"),
    "sklearn": ("^", "#009e73", "scikit-learn"),
}


def draw_chart(path: str | Path) -> Figure:
    """Draw the ratios in the ``performance.json`` at `path`, and return the figure.

    A mark right of 1 is a library that takes longer than tinynet.
    """
    import matplotlib.pyplot as plt

    groups: dict[str, list[dict[str, Any]]] = json.loads(Path(path).read_text("utf-8"))["groups"]
    lines = [(title, row) for title, rows in groups.items() for row in rows]
    figure, ax = plt.subplots(figsize=(8, 0.27 * (len(lines) + len(groups)) + 1), layout="constrained")
    place, ticks, names, seen = 0, [], [], set()
    for title, rows in groups.items():
        ax.text(0.01, place, title, transform=ax.get_yaxis_transform(), weight="bold", va="center", fontsize="small")
        place += 1
        for row in rows:
            ax.axhline(place, color="0.85", linewidth=0.6, zorder=0)
            for library, (marker, colour, name) in LOOKS.items():
                if library in row["figures"]:
                    label = None if library in seen else name
                    seen.add(library)
                    ratio = row["figures"][library]["ratio"]
                    ax.plot(ratio, place, marker, color=colour, markersize=6, alpha=0.85, label=label)
            ticks.append(place)
            names.append(row["name"])
            place += 1
    ax.axvline(1, color="0.3", linewidth=1)
    ax.set_xscale("log")
    shown = [0.5, 1, 2, 5, 10]
    ax.set_xticks(shown, [f"{ratio:g}x" for ratio in shown])
    ax.minorticks_off()
    ax.set_yticks(ticks, names, fontsize="small")
    ax.set_ylim(place - 0.5, -0.7)
    ax.set_xlabel("their time, or memory, divided by tinynet's: right of the line tinynet is ahead")
    figure.legend(loc="outside upper right", ncols=3, frameon=False)
    return figure
