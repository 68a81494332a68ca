"""The command line: ``python -m tinynet inspect FILE``."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from typing import TextIO

from tinynet import __version__
from tinynet.checkpoint.inspection import inspect_checkpoint
from tinynet.errors import CheckpointError


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; return 0, or 1 if a file is refused or cannot be read."""
    parser = argparse.ArgumentParser(prog="python -m tinynet", description="Tools for files of weights.")
    parser.add_argument("--version", action="version", version=f"tinynet {__version__}")
    commands = parser.add_subparsers(dest="command", required=True)
    inspect = commands.add_parser(
        "inspect",
        help="print what a checkpoint file holds, without running anything inside it",
        description="Print the container, the arrays and the other values of a checkpoint file, or why "
        "it is refused (exit code 1). Nothing inside the file is run.",
    )
    inspect.add_argument("file", metavar="FILE", help="a .pth, .pt, .ckpt, .safetensors or .npz file")
    options = parser.parse_args(arguments)
    try:
        report = inspect_checkpoint(options.file)
    except CheckpointError as error:
        _print(f"refused: {error}", sys.stdout)
        return 1
    except OSError as error:
        _print(f"cannot be read: {error}", sys.stderr)
        return 1
    except MemoryError:
        _print("cannot be read: there is not enough memory", sys.stderr)
        return 1
    _print(report, sys.stdout)
    return 0


def _print(text: str, stream: TextIO) -> None:
    """Print text; what the encoding of the terminal lacks is escaped, and a reader who has seen enough may go."""
    encoding = stream.encoding or "utf-8"
    try:
        print(text.encode(encoding, "backslashreplace").decode(encoding), file=stream, flush=True)
    except BrokenPipeError:
        # At its end Python flushes once more, and would complain.
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


if __name__ == "__main__":
    sys.exit(main())
