r"""Predict digits with weights from a PyTorch file, without PyTorch, and draw what the network does and has learned.

    python examples/mnist_predict.py
    python examples/mnist_predict.py --index 8 --show
    python examples/mnist_predict.py --weights mine.pth --mean 0.1307 --std 0.3081
    python examples/mnist_predict.py --weights examples/mnist_cnn.pth \
        --network examples/train_mnist_numpy.py:convolutional_network

A file of dense layers tells its network. Of a convolutional one it does not tell enough: then --network names a
Python file, which is run, and in it a function that returns the network to fill, or the network.

It takes MNIST's test images where they are on this machine or can be downloaded, else digits that tinynet draws.
"""

from __future__ import annotations

import argparse
import runpy
import sys
from pathlib import Path

import matplotlib
import numpy as np

import tinynet as tn


def main() -> None:
    """Run, and turn what can go wrong with files and arguments into one line."""
    arguments = parse_arguments()
    if not arguments.show:
        matplotlib.use("Agg")  # draws into files only, also where there is no screen
    try:
        run(arguments)
    # tinynet's own errors about shapes and files are ValueErrors; what --network names may do anything.
    except (OSError, TypeError, ValueError) as error:
        print(f"mnist_predict.py: {error}", file=sys.stderr)
        sys.exit(2)


def run(arguments: argparse.Namespace) -> None:
    """Load the network and the images, predict, print, draw."""
    check(arguments)
    net = load_network(arguments.weights, arguments.network)
    print(f"weights: {arguments.weights}")
    print(net)

    images, labels, what = load_digits(arguments.dataset, arguments.data_dir)
    if arguments.index is not None and not 0 <= arguments.index < len(images):
        raise ValueError(f"--index must be from 0 to {len(images) - 1}, got {arguments.index}")

    x = tn.datasets.normalize(images, mean=arguments.mean, std=arguments.std)
    probabilities = net.predict_proba(x)
    if probabilities.shape[1] != 10:
        raise ValueError(f"the weights must tell 10 digits apart, but give {probabilities.shape[1]} classes")
    predictions = probabilities.argmax(axis=1)

    print(f"\n{len(images):,} {what}")
    print(f"accuracy: {100 * np.mean(predictions == labels):.2f} %")
    print_digits(labels, predictions)

    shown = slice(arguments.count)
    pictures = {
        "predictions": tn.viz.plot_predictions(images[shown], probabilities[shown], labels[shown]),
        "weights": tn.viz.plot_network_weights(net, bias=True, robust=True),
        "neurons": tn.viz.plot_neurons(first_weights(net), robust=True),
        "confusion_matrix": tn.viz.plot_confusion_matrix(labels, predictions).figure,
    }
    if arguments.index is not None:
        one = arguments.index
        print_image(one, labels[one], probabilities[one])
        pictures[f"image_{one}"] = tn.viz.plot_predictions(images[one], probabilities[one], labels[one], top=10)

    print()
    for name, figure in pictures.items():
        path = arguments.output_dir / f"{name}.png"
        figure.savefig(path)
        print(f"saved {path}")
    if arguments.show:
        import matplotlib.pyplot as plt

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


def first_weights(net: tn.Sequential) -> tn.Layer:
    """Return the first layer with parameters, which may lie in a network inside."""
    layer = next(layer for layer in net if layer.params)
    return first_weights(layer) if isinstance(layer, tn.Sequential) else layer


def load_digits(dataset: str, data_dir: Path | None) -> tuple[np.ndarray, np.ndarray, str]:
    """Return images (N, 28, 28) of uint8, labels (N,), and what they are."""
    if dataset != "synthetic":
        try:
            return (*tn.datasets.load_mnist("test", root=data_dir), "MNIST test images")
        except OSError:
            if dataset == "mnist":
                raise
            print("MNIST is not here (see --data-dir) and cannot be downloaded: these are synthetic digits.")
    return (*tn.datasets.synthetic_digits(1000, rng=0), "synthetic digits")


def print_digits(labels: np.ndarray, predictions: np.ndarray) -> None:
    """Print for each digit how often it is recognised, and what else it is taken for most often."""
    print("\ndigit  images   right  accuracy  most often mistaken for")
    for digit in np.unique(labels):
        seen_as = np.bincount(predictions[labels == digit], minlength=10)
        images, right = seen_as.sum(), seen_as[digit]
        seen_as[digit] = 0
        times = "once" if seen_as.max() == 1 else f"{seen_as.max()} times"
        mistaken = f"{seen_as.argmax()} ({times})" if right < images else "none"
        print(f"{digit:5d}  {images:6d}  {right:6d}  {100 * right / images:6.2f} %  {mistaken}")


def print_image(index: int, label: int, probabilities: np.ndarray) -> None:
    """Print what the network makes of one image."""
    print(f"\nimage {index}: label {label}, prediction {probabilities.argmax()}")
    for digit, probability in enumerate(probabilities):
        print(f"  {digit}  {probability:.4f}  {'#' * round(40 * probability)}")


def check(arguments: argparse.Namespace) -> None:
    """Complain about what would fail later, and less clearly."""
    if not arguments.weights.is_file():
        raise FileNotFoundError(f"there is no weights file {arguments.weights}; name one with --weights")
    if not 1 <= arguments.count <= 200:
        raise ValueError(f"--count must be from 1 to 200, got {arguments.count}")
    if not np.isfinite(arguments.mean):
        raise ValueError(f"--mean must be finite, got {arguments.mean:g}")
    if not 0 < arguments.std < np.inf:
        raise ValueError(f"--std must be positive and finite, got {arguments.std:g}")
    try:
        arguments.output_dir.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OSError(f"--output-dir {arguments.output_dir} cannot be made: {error.strerror}") from error


def parse_arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    add = parser.add_argument
    here = Path(__file__).resolve().parent
    add("--weights", type=Path, default=here / "mnist_model.pth", help="state dict that torch.save wrote")
    add("--network", metavar="FILE.py:FUNCTION", help="what returns the network, where the file does not tell it")
    add(
        "--dataset",
        choices=["auto", "mnist", "synthetic"],
        default="auto",
        help="auto: MNIST if it is here or can be downloaded, else synthetic digits",
    )
    add("--data-dir", type=Path, help="folder to look for MNIST in first, and to download it to")
    add("--output-dir", type=Path, default=Path("output"), help="folder for the pictures (default: ./output)")
    add("--count", type=int, default=16, help="how many images to draw with their predictions (default: 16)")
    add("--index", type=int, metavar="N", help="print and draw what the network makes of image N")
    add("--mean", type=float, default=0.0, help="the scaling that the weights were trained with is")
    add("--std", type=float, default=1.0, help="(pixel / 255 - MEAN) / STD (default: pixel / 255)")
    add("--show", action="store_true", help="open windows with the pictures")
    return parser.parse_args()


if __name__ == "__main__":
    main()
