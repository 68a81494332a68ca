"""Train a digit classifier with PyTorch and save it as ``mnist_model.pth``, which tinynet loads without PyTorch.

    python examples/train_mnist_torch.py

The network is 784-128-64-10 with ReLU in between; its inputs are pixels / 255. Two things bring it to 98.5 % and
more of MNIST's test images in some ten seconds: the images are moved by up to one pixel, differently each time
they are seen, and the learning rate follows one cycle, up and then down to almost nothing. The test images are
used once, at the end.

It needs torch, and torchvision for its default source of the images. Where torchvision cannot be imported it says
so and takes MNIST through tinynet.
"""

from __future__ import annotations

import argparse
import os
from pathlib import Path

import torch
from torch import Tensor, nn


class DigitNet(nn.Module):
    """Three linear layers; the names of the attributes become the prefixes in the state dict."""

    def __init__(self) -> None:
        super().__init__()
        self.fc1 = nn.Linear(784, 128)
        self.fc2 = nn.Linear(128, 64)
        self.fc3 = nn.Linear(64, 10)

    def forward(self, x: Tensor) -> Tensor:
        """Map pixels / 255 of shape (N, 784) to logits of shape (N, 10)."""
        return self.fc3(torch.relu(self.fc2(torch.relu(self.fc1(x)))))


def usable_source(wanted: str) -> str:
    """Return `wanted`, or "tinynet" after a notice where torchvision cannot be imported."""
    if wanted == "torchvision":
        try:
            import torchvision.datasets  # noqa: F401
        except (ImportError, RuntimeError) as error:  # RuntimeError: built for another torch than this one
            print(f"torchvision cannot be used ({error}); taking MNIST through tinynet instead.")
            return "tinynet"
    return wanted


def load(source: str, split: str, data_dir: str | None) -> tuple[Tensor, Tensor]:
    """Return images of shape (N, 28, 28) in 0..1 and labels of shape (N,)."""
    if source == "torchvision":
        from torchvision.datasets import MNIST

        data = MNIST(data_dir or "data", train=split == "train", download=True)
        images, labels = data.data, data.targets
    else:
        from tinynet.datasets import load_mnist

        images, labels = map(torch.from_numpy, load_mnist(split, root=data_dir))
    return images.float() / 255, labels


def train(model: DigitNet, images: Tensor, labels: Tensor, *, epochs: int, batch_size: int, lr: float) -> None:
    """Minimise the cross entropy with Adam; every batch is moved by a random pixel or none in each direction."""
    count = len(images)
    optimizer = torch.optim.Adam(model.parameters(), lr=lr)
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, max_lr=lr, epochs=epochs, steps_per_epoch=-(-count // batch_size)
    )
    # With a frame of one empty pixel, the 28x28 window that starts at (dy, dx) is the image, moved.
    framed = nn.functional.pad(images, (1, 1, 1, 1))
    for epoch in range(1, epochs + 1):
        total = 0.0
        for rows in torch.randperm(count).split(batch_size):
            dy, dx = torch.randint(0, 3, (2,)).tolist()
            x = framed[rows, dy : dy + 28, dx : dx + 28].reshape(-1, 784)
            loss = nn.functional.cross_entropy(model(x), labels[rows])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
            total += loss.item() * len(rows)
        print(f"epoch {epoch:2d} of {epochs}: loss {total / count:.4f}")


@torch.no_grad()
def accuracy(model: DigitNet, images: Tensor, labels: Tensor) -> float:
    """Return the share of the images whose largest logit is that of their label."""
    return (model(images.reshape(-1, 784)).argmax(dim=1) == labels).double().mean().item()


def save(model: DigitNet, path: Path) -> None:
    """Write the state dict beside `path`, then rename it, so that `path` is never half a file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f"{path.name}.{os.getpid()}.tmp")
    try:
        with beside.open("wb") as file:  # given a path, torch would write the temporary name into the file
            torch.save(model.state_dict(), file)
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)


def parse_arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description="Train 784-128-64-10 on MNIST with PyTorch and save its state dict.",
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
    )
    output = Path(__file__).resolve().parent / "mnist_model.pth"
    add = parser.add_argument
    add(
        "--source",
        choices=["torchvision", "tinynet"],
        default="torchvision",
        help="whose loader to use for MNIST",
    )
    add(
        "--data-dir",
        help="folder of MNIST; None means ./data for torchvision, and tinynet's own search for tinynet",
    )
    add("--output", type=Path, default=output, help="file to write")
    add("--epochs", type=int, default=16, help="passes over the training images")
    add("--batch-size", type=int, default=128, help="images per step")
    add("--lr", type=float, default=4e-3, help="highest learning rate of the cycle")
    add("--seed", type=int, default=0, help="seed of the weights, the order and the moves")
    return parser.parse_args()


def main() -> None:
    """Train, test, save."""
    arguments = parse_arguments()
    source = usable_source(arguments.source)
    try:
        training = load(source, "train", arguments.data_dir)
        test = load(source, "test", arguments.data_dir)
    except (OSError, RuntimeError) as error:
        raise SystemExit(f"MNIST could not be loaded: {error}") from error

    torch.manual_seed(arguments.seed)
    model = DigitNet()
    train(model, *training, epochs=arguments.epochs, batch_size=arguments.batch_size, lr=arguments.lr)
    print(f"accuracy: {100 * accuracy(model, *test):.2f} % of the {len(test[1]):,} test images")
    save(model, arguments.output)
    print(f"saved {arguments.output}")


if __name__ == "__main__":
    main()
