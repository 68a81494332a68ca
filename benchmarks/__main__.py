"""Run the benchmarks and print one table.

    python -m pip install ".[bench]"
    python -m benchmarks [--threads 2] [--seconds 3] [--only inference] [--save FOLDER]

Every line is measured interleaved: one repetition of each library in turn, so that a busy machine slows all of them.
Only the ratios mean something elsewhere.
"""

from __future__ import annotations

import argparse
import importlib
import os
from pathlib import Path

#: What can be measured: the module that does it, and what its lines are about.
GROUPS = {
    "cold": ("cold_start", "new process: import, load a .pth, predict one image"),
    "inference": ("inference", "dense networks, inference, float32"),
    "convolution": ("convolution", "convolutional network, float32"),
    "training": ("training", "a step of training, 784-128-64-10, float32"),
    "checkpoints": ("checkpoints", "loading a checkpoint"),
}


def main() -> None:
    """Parse the command line, fix the number of threads, and only then import NumPy and its peers."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__.splitlines()[0])
    parser.add_argument("--threads", type=int, default=2, help="threads of every library (default: 2)")
    parser.add_argument("--seconds", type=float, default=3.0, help="time for each line of the table (default: 3)")
    parser.add_argument("--only", choices=GROUPS, action="append", help="measure one part; may be repeated")
    parser.add_argument("--save", type=Path, metavar="FOLDER", help="write the figures, a table and a chart there")
    arguments = parser.parse_args()
    for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ[variable] = str(arguments.threads)

    from benchmarks import report

    machine, groups = report.describe_machine(arguments.threads), {}
    print(report.machine_text(machine))
    for group in arguments.only or GROUPS:
        module, title = GROUPS[group]
        part = importlib.import_module(f"benchmarks.{module}")
        print(f"\n{title}")
        groups[title] = []
        for row in part.measure(arguments.threads, arguments.seconds):
            print(report.text(row), flush=True)
            groups[title].append(row)
    if arguments.save:
        from benchmarks.chart import draw_chart

        report.save(arguments.save, machine, groups)
        draw_chart(arguments.save / "performance.json").savefig(arguments.save / "performance.svg")


if __name__ == "__main__":
    main()
