r"""Draw a digit with the mouse and watch what a network makes of it, at every stroke.

    python examples/draw_digit.py
    python examples/draw_digit.py --weights mine.pth --mean 0.1307 --std 0.3081
    python examples/draw_digit.py --weights examples/mnist_cnn.pth \
        --network examples/train_mnist_numpy.py:convolutional_network

Draw with the left button; the right one, or the key c, clears the paper. In a notebook, %matplotlib widget (from the
package ipympl) and tn.viz.DigitPad(net) do the same.
"""

from __future__ import annotations

import argparse
import runpy
import sys
from pathlib import Path

import matplotlib.pyplot as plt

import tinynet as tn


def main() -> None:
    """Run, and turn what can go wrong with files, arguments and screens into one line."""
    try:
        run(parse_arguments())
    # tinynet's own errors about shapes and files are ValueErrors; what --network names may do anything.
    except (OSError, TypeError, ValueError) as error:
        print(f"draw_digit.py: {error}", file=sys.stderr)
        sys.exit(2)


def run(arguments: argparse.Namespace) -> None:
    """Load the network, and open the pad or save a picture of it."""
    if not arguments.weights.is_file():
        raise FileNotFoundError(f"there is no weights file {arguments.weights}; name one with --weights")
    if not arguments.save and plt.get_backend().lower() == "agg":  # what matplotlib takes where it finds nothing else
        raise OSError("matplotlib has no screen, or no toolkit to open a window with; --save FILE draws into a file")
    net = load_network(arguments.weights, arguments.network)
    pad = tn.viz.DigitPad(net, mean=arguments.mean, std=arguments.std)
    if arguments.save:
        pad.draw([(0.3, 0.2), (0.68, 0.2), (0.45, 0.82)])
        pad.figure.savefig(arguments.save)
        print(f"drew a 7, predicted {pad.probabilities.argmax()}")
        print(f"saved {arguments.save}")
    else:
        plt.show()


# The same in both examples, each of which runs alone.
def load_network(weights: Path, source: str | None) -> tn.Sequential:
    """Return the network whose weights are in a file, which another file makes if it needs one."""
    if source is None:
        try:
            return tn.from_torch_state_dict(weights)
        except tn.CheckpointError as error:
            if "network=" not in str(error):
                raise
            # The rest of the message is a network to start from, in Python.
            raise ValueError(
                f"{error}\n\nHere: write a function that returns this network into a file, and name both with "
                "--network FILE.py:FUNCTION. That of train_mnist_numpy.py --cnn is "
                f"--network {Path(__file__).with_name('train_mnist_numpy.py')}:convolutional_network"
            ) from None
    path, _, name = source.rpartition(":")
    if Path(source).is_file() or not name:
        file = source.rstrip(":")
        raise ValueError(f"--network {source}: the name of the function is missing, as in {file}:FUNCTION")
    path = path or source
    if not Path(path).is_file():
        raise FileNotFoundError(f"--network must be FILE.py:FUNCTION, got {source!r}, and there is no file {path!r}")
    found = runpy.run_path(path).get(name)
    if not callable(found):  # a network is, too
        raise ValueError(f"--network {source}: {path} defines no function {name!r}")
    net = found if isinstance(found, tn.Sequential) else found()
    if not isinstance(net, tn.Sequential):
        raise ValueError(f"--network {source}: {name}() must return a tn.Sequential, got {type(net).__name__}")
    return tn.from_torch_state_dict(weights, net)


def parse_arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    add = parser.add_argument
    here = Path(__file__).resolve().parent
    add("--weights", type=Path, default=here / "mnist_model.pth", help="state dict that torch.save wrote")
    add("--network", metavar="FILE.py:FUNCTION", help="what returns the network, where the file does not tell it")
    add("--mean", type=float, default=0.0, help="the scaling that the weights were trained with is")
    add("--std", type=float, default=1.0, help="(pixel / 255 - MEAN) / STD (default: pixel / 255)")
    add("--save", type=Path, metavar="FILE", help="draw a 7 into a picture instead of opening a window")
    return parser.parse_args()


if __name__ == "__main__":
    main()
