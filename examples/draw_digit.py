"""Draw a digit with the mouse and watch what a network makes of it, at every stroke.

    python examples/draw_digit.py
    python examples/draw_digit.py --weights mine.pth --mean 0.1307 --std 0.3081

Draw with the left button; the right one, or the key c, clears the paper. In a notebook, %matplotlib widget (from the
package ipympl) and tn.viz.DigitPad(net) do the same.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import matplotlib.pyplot as plt

import tinynet as tn


def main() -> None:
    """Run, and turn what can go wrong with files, arguments and screens into one line."""
    try:
        run(parse_arguments())
    except (OSError, ValueError) as error:  # tinynet's own errors about shapes and files are ValueErrors
        print(f"draw_digit.py: {error}", file=sys.stderr)
        sys.exit(2)


def run(arguments: argparse.Namespace) -> None:
    """Load the network, and open the pad or save a picture of it."""
    if not arguments.weights.is_file():
        raise FileNotFoundError(f"there is no weights file {arguments.weights}; name one with --weights")
    if not arguments.save and plt.get_backend().lower() == "agg":  # what matplotlib takes where it finds nothing else
        raise OSError("matplotlib has no screen, or no toolkit to open a window with; --save FILE draws into a file")
    net = tn.from_torch_state_dict(arguments.weights)
    pad = tn.viz.DigitPad(net, mean=arguments.mean, std=arguments.std)
    if arguments.save:
        pad.draw([(0.3, 0.2), (0.68, 0.2), (0.45, 0.82)])
        pad.figure.savefig(arguments.save)
        print(f"drew a 7, predicted {pad.probabilities.argmax()}")
        print(f"saved {arguments.save}")
    else:
        plt.show()


def parse_arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    add = parser.add_argument
    here = Path(__file__).resolve().parent
    add("--weights", type=Path, default=here / "mnist_model.pth", help="state dict of a dense network")
    add("--mean", type=float, default=0.0, help="the scaling that the weights were trained with is")
    add("--std", type=float, default=1.0, help="(pixel / 255 - MEAN) / STD (default: pixel / 255)")
    add("--save", type=Path, metavar="FILE", help="draw a 7 into a picture instead of opening a window")
    return parser.parse_args()


if __name__ == "__main__":
    main()
