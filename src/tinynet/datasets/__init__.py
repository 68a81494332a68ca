"""Data to train on and to predict: MNIST, its idx files, and digits drawn by the library itself."""

from tinynet.datasets.idx import read_idx
from tinynet.datasets.mnist import load_mnist
from tinynet.datasets.scaling import normalize
from tinynet.datasets.synthetic import synthetic_digits

__all__ = ["load_mnist", "normalize", "read_idx", "synthetic_digits"]
