"""Train a digit classifier with tinynet, in plain NumPy, and draw how it learned and what it gets wrong.

    python examples/train_mnist_numpy.py
    python examples/train_mnist_numpy.py --cnn
    python examples/train_mnist_numpy.py --dataset synthetic --epochs 5

It takes MNIST where it is on this machine or can be downloaded, else digits that tinynet draws. The test images are
used once, at the end. The checkpoint is a state dict that `torch.load` opens and `load_state_dict` takes.
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

import matplotlib
import numpy as np

import tinynet as tn

SYNTHETIC = {"train": 2000, "test": 500}


class Moved(tn.Layer):
    """In training, move all images of a batch by one pixel or none in each direction; in inference, do nothing.

    So a network sees an image in up to nine places, and learns that where a digit lies does not matter. An image has
    the given `shape`: (784,) or (1, 28, 28).
    """

    def __init__(self, shape: tuple[int, ...], rng: int) -> None:
        super().__init__()
        self._shape, self._seed, self._batches = shape, rng, 0

    def _forward(self, x: np.ndarray, training: bool) -> tuple[np.ndarray, None]:
        if not training:
            return x, None
        down, right = np.random.default_rng((self._seed, self._batches)).integers(-1, 2, size=2)
        images = np.zeros((len(x), 28, 28), x.dtype)
        images[:, part(down), part(right)] = x.reshape(images.shape)[:, part(-down), part(-right)]
        return images.reshape(x.shape), None

    def _update(self, context: None) -> None:
        self._batches += 1

    def _output_shape(self, shape: tuple[int, ...] | None) -> tuple[int, ...]:
        if shape not in (None, self._shape):
            raise tn.ShapeError(f"Moved takes images of shape {self._shape}, got {shape}")
        return self._shape


def part(step: int) -> slice:
    """Return the 28, or 27, pixels that are left when something is moved by `step`."""
    return slice(max(step, 0), 28 + min(step, 0))


def dense_network(seed: int = 0) -> tn.Sequential:
    """Return 784-256-64-10, for rows of pixels."""
    rng = np.random.default_rng(seed)
    return tn.Sequential(
        Moved((784,), seed),
        tn.Dense(784, 256, rng=rng, name="fc1"),
        tn.ReLU(),
        tn.Dense(256, 64, rng=rng, name="fc2"),
        tn.ReLU(),
        tn.Dense(64, 10, rng=rng, name="fc3"),
        tn.Softmax(),
    )


def convolutional_network(seed: int = 0) -> tn.Sequential:
    """Return two convolutions and two dense layers, for images with a channel axis."""
    rng = np.random.default_rng(seed)
    return tn.Sequential(
        Moved((1, 28, 28), seed),
        tn.Conv2d(1, 8, 3, rng=rng, name="conv1"),  # 28 x 28 to 26 x 26
        tn.MaxPool2d(2),
        tn.ReLU(),
        tn.Conv2d(8, 16, 3, rng=rng, name="conv2"),  # 13 x 13 to 11 x 11
        tn.MaxPool2d(2),
        tn.ReLU(),
        tn.Flatten(),
        tn.Dense(16 * 5 * 5, 64, rng=rng, name="fc1"),
        tn.ReLU(),
        tn.Dense(64, 10, rng=rng, name="fc2"),
        tn.Softmax(),
    )


def main() -> None:
    """Run, and turn what can go wrong with files and arguments into one line."""
    arguments = parse_arguments()
    matplotlib.use("Agg")  # draws into files only, also where there is no screen
    try:
        run(arguments)
    except (OSError, ValueError, tn.TrainingError) as error:  # those about shapes and files are ValueErrors
        print(f"train_mnist_numpy.py: {error}", file=sys.stderr)
        sys.exit(2)


def run(arguments: argparse.Namespace) -> None:
    """Load the images, train, test, save, draw."""
    check(arguments)
    train, labels, what = load_digits("train", arguments.dataset, arguments.data_dir)
    test, test_labels, _ = load_digits("test", "mnist" if "MNIST" in what else "synthetic", arguments.data_dir)
    net = convolutional_network(arguments.seed) if arguments.cnn else dense_network(arguments.seed)
    print(f"{len(train):,} {what} to learn from\n{net}\n")

    x, x_test = tn.datasets.normalize(train), tn.datasets.normalize(test)
    if arguments.cnn:
        x, x_test = x.reshape(-1, 1, 28, 28), x_test.reshape(-1, 1, 28, 28)
    steps = arguments.epochs * -(-len(x) // arguments.batch_size)
    # Up, then down to nothing: the first steps need not be right, and the last ones should not be large.
    schedule = tn.schedules.warm_up(tn.schedules.cosine(arguments.lr, steps), steps // 5)
    start = time.perf_counter()
    history = tn.fit(
        net,
        x,
        labels,
        loss=tn.CrossEntropy(),
        optimizer=tn.Adam(schedule),
        epochs=arguments.epochs,
        batch_size=arguments.batch_size,
        rng=arguments.seed,
    )
    seconds = time.perf_counter() - start

    predictions = net.predict(x_test)
    print(f"\ntrained for {seconds:.1f} s")
    print(f"accuracy: {100 * np.mean(predictions == test_labels):.2f} % of {len(test):,} test images\n")
    name = "mnist_cnn" if arguments.cnn else "mnist_numpy"
    checkpoint = arguments.output_dir / f"{name}.pth"
    tn.save_checkpoint(tn.to_torch_state_dict(net), checkpoint)
    print(f"saved {checkpoint}")
    pictures = {
        "loss": tn.viz.plot_history(history),
        "confusion_matrix": tn.viz.plot_confusion_matrix(test_labels, predictions).figure,
        "neurons": tn.viz.plot_neurons(net["conv1" if arguments.cnn else "fc1"], robust=True),
    }
    for picture, figure in pictures.items():
        path = arguments.output_dir / f"{name}_{picture}.png"
        figure.savefig(path)
        print(f"saved {path}")


def load_digits(split: str, dataset: str, data_dir: Path | None) -> tuple[np.ndarray, np.ndarray, str]:
    """Return images (N, 28, 28) of uint8, labels (N,), and what they are."""
    if dataset != "synthetic":
        try:
            return (*tn.datasets.load_mnist(split, root=data_dir), "MNIST images")
        except OSError:
            if dataset == "mnist":
                raise
            print("MNIST is not here (see --data-dir) and cannot be downloaded: these are synthetic digits.")
    return (*tn.datasets.synthetic_digits(SYNTHETIC[split], rng=len(split)), "synthetic digits")


def check(arguments: argparse.Namespace) -> None:
    """Fill in defaults, and complain about what would fail later, and less clearly."""
    if arguments.epochs is None:
        arguments.epochs = 10 if arguments.cnn else 16
    for name in ("epochs", "batch_size"):
        if getattr(arguments, name) < 1:
            raise ValueError(f"--{name.replace('_', '-')} must be at least 1, got {getattr(arguments, name)}")
    if not 0 < arguments.lr < np.inf:
        raise ValueError(f"--lr must be positive and finite, got {arguments.lr:g}")
    if arguments.seed < 0:
        raise ValueError(f"--seed must be at least 0, got {arguments.seed}")
    try:
        arguments.output_dir.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OSError(f"--output-dir {arguments.output_dir} cannot be made: {error.strerror}") from error


def parse_arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    add = parser.add_argument
    add("--cnn", action="store_true", help="train a convolutional network, which takes longer and errs less")
    add(
        "--dataset",
        choices=["auto", "mnist", "synthetic"],
        default="auto",
        help="auto: MNIST if it is here or can be downloaded, else synthetic digits",
    )
    add("--data-dir", type=Path, help="folder to look for MNIST in first, and to download it to")
    add(
        "--output-dir",
        type=Path,
        default=Path("output"),
        help="folder for checkpoint and pictures (default: ./output)",
    )
    add("--epochs", type=int, help="passes over the training images (default: 16, with --cnn 10)")
    add("--batch-size", type=int, default=128, help="images in a step (default: 128)")
    add("--lr", type=float, default=4e-3, help="the highest learning rate (default: 0.004)")
    add("--seed", type=int, default=0, help="seed of the weights, the order and the moves (default: 0)")
    return parser.parse_args()


if __name__ == "__main__":
    main()
