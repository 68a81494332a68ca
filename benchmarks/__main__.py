"""Run the benchmarks and print one table.

    python -m pip install ".[bench]"
    python -m benchmarks [--threads 2] [--seconds 3] [--only inference]

Every line is measured interleaved: one repetition of each library in turn, so that a busy machine slows all of them.
Only the ratios mean something elsewhere.
"""

from __future__ import annotations

import argparse
import os
import sys


def main() -> None:
    """Parse the command line, fix the number of threads, and only then import NumPy and its peers."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__.splitlines()[0])
    parser.add_argument("--threads", type=int, default=2, help="threads of every library (default: 2)")
    parser.add_argument("--seconds", type=float, default=3.0, help="time for each line of the table (default: 3)")
    parser.add_argument("--only", choices=["cold", "inference", "convolution"], help="measure one part")
    arguments = parser.parse_args()
    for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ[variable] = str(arguments.threads)

    from benchmarks import cold_start, convolution, inference
    from benchmarks.table import describe_machine, print_row

    print(describe_machine(arguments.threads))
    if arguments.only in (None, "cold"):
        print("\nnew process: import, load a .pth, predict one image")
        for name, row, unit in cold_start.measure(arguments.seconds):
            print_row(name, row, unit)
    if arguments.only in (None, "inference"):
        print("\ninference, float32, microseconds a call")
        for name, row in inference.measure(arguments.threads, arguments.seconds):
            print_row(name, row, 1e-6)
            sys.stdout.flush()
    if arguments.only in (None, "convolution"):
        print("\nconvolution, float32, milliseconds a call")
        for name, row in convolution.measure(arguments.threads, arguments.seconds):
            print_row(name, row, 1e-3)
            sys.stdout.flush()


if __name__ == "__main__":
    main()
