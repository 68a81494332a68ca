"""MNIST: where its files may lie, where they come from, and what must be in them."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import numpy as np

from tinynet.datasets.download import DownloadError, RemoteFile
from tinynet.datasets.download import download as download_file
from tinynet.datasets.idx import read_idx
from tinynet.datasets.places import ENVIRONMENT_VARIABLE, data_places

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray

MIRRORS: tuple[str, ...] = (
    "https://ossci-datasets.s3.amazonaws.com/mnist/",
    "https://storage.googleapis.com/cvdf-datasets/mnist/",
)
# Images and labels of each split: name, bytes and md5 of the published gzip file.
FILES = {
    "train": (
        RemoteFile("train-images-idx3-ubyte.gz", 9912422, "f68b3c2dcbeaaa9fbdd348bbdeb94873"),
        RemoteFile("train-labels-idx1-ubyte.gz", 28881, "d53e105ee54ea40749a09fcbcd1e9432"),
    ),
    "test": (
        RemoteFile("t10k-images-idx3-ubyte.gz", 1648877, "9fb629c4189551a2d022fa330f9573f3"),
        RemoteFile("t10k-labels-idx1-ubyte.gz", 4542, "ec29112dd5afa0611ce80d1b7f02629c"),
    ),
}


def load_mnist(
    split: str = "train", root: str | os.PathLike[str] | None = None, download: bool = True
) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """Load the handwritten digits of MNIST, from this machine where they are found, else from the network.

    The files are looked for in `root`, in the folder that the environment variable ``TINYNET_DATA`` names,
    and in the user's cache: under their published names, gzipped or not, directly there or below it in
    ``MNIST/raw`` or ``raw``, where torchvision keeps them. If they are in none of these places, they are
    downloaded (11 MB for ``"train"``, 1.6 MB for ``"test"``), checked, and kept in the first of them.

    Parameters
    ----------
    split : {"train", "test"}
        The 60,000 images for training or the 10,000 for testing.
    root : path, optional
        Folder to look in first and to download to.
    download : bool
        If False, the network is never touched.

    Returns
    -------
    images : ndarray of shape (N, 28, 28), uint8
        0 is paper, 255 is ink.
    labels : ndarray of shape (N,), int64
        The digits, 0..9.

    Raises
    ------
    FileNotFoundError
        The files are not there and cannot be downloaded. The message says which folders were searched, why
        each mirror failed, and where to put the files.
    ValueError
        A file that was found is damaged, or images and labels do not belong together; or `split` is neither
        ``"train"`` nor ``"test"``.
    OSError
        The download cannot be saved.
    TypeError
        `root` is no path of text.

    Notes
    -----
    The MNIST database of handwritten digits is by Yann LeCun, Corinna Cortes and Christopher J. C. Burges.

    Examples
    --------
    >>> from tinynet.datasets import load_mnist
    >>> images, labels = load_mnist("test")  # doctest: +SKIP
    >>> images.shape, labels.shape  # doctest: +SKIP
    ((10000, 28, 28), (10000,))
    """
    if not isinstance(split, str) or split not in FILES:
        raise ValueError(f'load_mnist: split must be "train" or "test", not {split!r}')
    places = data_places(root, "mnist")
    paths = _find_pair(split, places)
    if paths is None and not download:
        raise FileNotFoundError(_how_to_get(split, places, "They were not downloaded, as download=False."))
    return _read_pair(*(paths or _download_pair(split, places)))


def _find_pair(split: str, places: Sequence[Path]) -> list[Path] | None:
    """Return the paths of images and labels in the first folder that has both."""
    for place in places:
        for folder in (place, place / "MNIST" / "raw", place / "raw"):
            paths = [path for path in (_find(remote, folder) for remote in FILES[split]) if path]
            if len(paths) == 2:
                return paths
    return None


def _find(remote: RemoteFile, folder: Path) -> Path | None:
    plain = remote.name[: -len(".gz")]
    dotted = plain.replace("-idx", ".idx")  # as some unpackers name it
    for name in (plain, dotted, plain + ".gz", dotted + ".gz"):
        if os.path.isfile(folder / name):  # noqa: PTH113 - Path.is_file raises in a folder closed to us
            return folder / name
    return None


def _download_pair(split: str, places: Sequence[Path]) -> list[Path]:
    if not places:
        raise FileNotFoundError(_how_to_get(split, places, "There is no folder to download them to."))
    folder = places[0]
    try:
        return [_find(remote, folder) or download_file(remote, MIRRORS, folder) for remote in FILES[split]]
    except DownloadError as error:
        raise FileNotFoundError(_how_to_get(split, places, f"Downloading them failed:\n{error}")) from error
    except OSError as error:
        advice = "name another folder with root= or TINYNET_DATA"
        raise OSError(error.errno, f"MNIST cannot be saved in {folder} ({error.strerror}); {advice}") from error


def _how_to_get(split: str, places: Sequence[Path], download_note: str) -> str:
    names = " and ".join(remote.name for remote in FILES[split])
    folders = [f"  {place}" for place in places] or ["  nowhere: no root, no TINYNET_DATA, and no home for a cache"]
    return "\n".join(
        [
            f"MNIST's {split} files are not on this machine. Searched, with MNIST/raw and raw below each:",
            *folders,
            download_note,
            f"Put {names}, or the unpacked files, into one of these folders, or name the folder that has them with "
            f"root= or the environment variable {ENVIRONMENT_VARIABLE}. synthetic_digits() needs no files.",
        ]
    )


def _read_pair(images_path: Path, labels_path: Path) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    images, labels = _read(images_path), _read(labels_path)
    if images.dtype != np.uint8 or images.ndim != 3 or images.shape[1:] != (28, 28) or not len(images):
        raise ValueError(
            f"{images_path}: should hold uint8 images of shape (N, 28, 28), not {images.dtype} {images.shape}"
        )
    if labels.dtype != np.uint8 or labels.ndim != 1:
        raise ValueError(f"{labels_path}: should hold uint8 labels of shape (N,), not {labels.dtype} {labels.shape}")
    if len(labels) != len(images):
        raise ValueError(f"{labels_path} has {len(labels)} labels for the {len(images)} images of {images_path}")
    if labels.max() > 9:
        raise ValueError(f"{labels_path}: the labels should be the digits 0 to 9, but reach {labels.max()}")
    return images, labels.astype(np.int64)


def _read(path: Path) -> NDArray[Any]:
    try:
        return read_idx(path)
    except ValueError as error:
        raise ValueError(f"{error}; remove the file or replace it with a good copy") from error
