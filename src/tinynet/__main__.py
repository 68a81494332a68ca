"""The command line: ``python -m tinynet inspect FILE``."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from tinynet.checkpoint.inspection import inspect_checkpoint
from tinynet.errors import CheckpointError


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; return 0, or 1 if a file is refused or cannot be read."""
    parser = argparse.ArgumentParser(prog="python -m tinynet", description="Tools for files of weights.")
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
        print(inspect_checkpoint(options.file))
    except CheckpointError as error:
        print(f"refused: {error}")
        return 1
    except OSError as error:
        print(f"cannot be read: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
