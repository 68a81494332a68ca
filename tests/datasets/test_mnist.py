from __future__ import annotations

import gzip
import os
import socket
import subprocess
import sys
import time

import numpy as np
import pytest

from tinynet.datasets import load_mnist, mnist

PLAIN = {
    "train": ("train-images-idx3-ubyte", "train-labels-idx1-ubyte"),
    "test": ("t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"),
}


@pytest.fixture
def no_network(monkeypatch):
    """Makes any attempt to open a connection or to look up a name fail the test."""

    def attempt(*args, **kwargs):
        raise AssertionError("touched the network")

    monkeypatch.setattr(socket, "socket", attempt)
    monkeypatch.setattr(socket, "create_connection", attempt)
    monkeypatch.setattr(socket, "getaddrinfo", attempt)
    monkeypatch.setattr(mnist, "MIRRORS", ("http://mirror.invalid/",))


@pytest.fixture
def put(small_mnist):
    """Puts the small files of a split into a folder."""

    def write(folder, split="test", *, zipped=True, dotted=False):
        folder.mkdir(parents=True, exist_ok=True)
        for name in PLAIN[split]:
            content = small_mnist[name + ".gz"]
            name = name.replace("-idx", ".idx") if dotted else name
            (folder / (name + ".gz" * zipped)).write_bytes(content if zipped else gzip.decompress(content))
        return folder

    return write


def closed_port() -> str:
    """The address of a port at which nobody listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{probe.getsockname()[1]}/"


def assert_small(images, labels, count=5):
    assert images.shape == (count, 28, 28)
    assert images.dtype == np.uint8
    assert labels.dtype == np.int64
    assert labels.tolist() == [digit % 10 for digit in range(count)]


@pytest.mark.parametrize("below", ["", "MNIST/raw", "raw"])
@pytest.mark.parametrize("zipped", [False, True])
@pytest.mark.parametrize("dotted", [False, True])
def test_finds_every_layout_without_the_network(tmp_path, put, no_network, below, zipped, dotted):
    put(tmp_path / "data" / below, zipped=zipped, dotted=dotted)
    assert_small(*load_mnist("test", tmp_path / "data"))
    assert_small(*load_mnist("test", root=str(tmp_path / "data"), download=False))


def test_finds_the_train_split_by_default(tmp_path, put, no_network):
    put(tmp_path, "train")
    assert_small(*load_mnist(root=tmp_path), count=12)


def test_looks_in_the_root_then_the_variable_then_the_cache(tmp_path, put, no_network, cache, monkeypatch):
    monkeypatch.setenv("TINYNET_DATA", str(tmp_path / "variable"))
    places = [cache, tmp_path / "variable", tmp_path / "root"]
    for last_pixel, place in enumerate(places):
        put(place, zipped=False)
        path = place / PLAIN["test"][0]
        path.write_bytes(path.read_bytes()[:-1] + bytes([last_pixel]))
        assert load_mnist("test", tmp_path / "root")[0][-1, -1, -1] == last_pixel


def test_images_and_labels_come_from_one_folder(tmp_path, put, no_network, cache):
    put(tmp_path)
    (tmp_path / (PLAIN["test"][0] + ".gz")).unlink()
    put(cache)
    (cache / (PLAIN["test"][1] + ".gz")).unlink()
    with pytest.raises(FileNotFoundError):
        load_mnist("test", tmp_path, download=False)


def test_every_call_gives_new_writable_arrays(tmp_path, put):
    put(tmp_path)
    images, labels = load_mnist("test", tmp_path)
    images[:], labels[:] = 0, 0
    assert load_mnist("test", tmp_path)[0].any()


def test_without_download_the_error_says_what_to_do(tmp_path, no_network, cache, small_mnist):
    with pytest.raises(FileNotFoundError) as caught:
        load_mnist("test", tmp_path / "absent", download=False)
    message = str(caught.value)
    for part in (str(tmp_path / "absent"), str(cache), "t10k-images-idx3-ubyte.gz", "TINYNET_DATA", "download=False"):
        assert part in message
    assert not (tmp_path / "absent").exists()
    assert not cache.exists()


def test_offline_fails_soon_and_says_why_and_what_to_do(tmp_path, cache, monkeypatch, small_mnist):
    mirrors = (closed_port(), "http://mirror.invalid/")
    monkeypatch.setattr(mnist, "MIRRORS", mirrors)
    real = socket.getaddrinfo

    def look_up(host, *args, **kwargs):
        if host == "mirror.invalid":
            raise socket.gaierror(-2, "Name or service not known")
        return real(host, *args, **kwargs)

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    start = time.monotonic()
    with pytest.raises(FileNotFoundError) as caught:
        load_mnist("train")
    assert time.monotonic() - start < 5
    message = str(caught.value)
    causes = [line for line in message.splitlines() if "http://" in line]
    assert [line.split(":  ")[0].strip().startswith(mirror) for line, mirror in zip(causes, mirrors)] == [True, True]
    assert "refused" in causes[0]
    assert "Name or service not known" in causes[1]
    assert str(cache) in message
    assert "train-labels-idx1-ubyte.gz" in message
    assert not cache.parent.exists()  # nothing is left behind


@pytest.mark.parametrize("given", ["root", "variable", "neither"])
def test_downloads_to_the_first_place(tmp_path, monkeypatch, cache, small_mnist, start_mirror, given):
    mirror = start_mirror(small_mnist)
    monkeypatch.setattr(mnist, "MIRRORS", (closed_port(), mirror.url))
    folder = {"root": tmp_path / "root", "variable": tmp_path / "variable", "neither": cache}[given]
    if given != "neither":
        monkeypatch.setenv("TINYNET_DATA", str(tmp_path / "variable"))
    assert_small(*load_mnist("test", root=folder if given == "root" else None))
    assert sorted(path.name for path in folder.iterdir()) == [name + ".gz" for name in PLAIN["test"]]
    for path in folder.iterdir():
        assert path.read_bytes() == small_mnist[path.name]
    assert len(mirror.requests) == 2
    load_mnist("test", root=folder)
    assert len(mirror.requests) == 2, "the second time they are there"


def test_downloads_only_what_is_lacking(tmp_path, put, monkeypatch, small_mnist, start_mirror):
    mirror = start_mirror(small_mnist)
    monkeypatch.setattr(mnist, "MIRRORS", (mirror.url,))
    put(tmp_path, zipped=False)
    (tmp_path / PLAIN["test"][1]).unlink()
    assert_small(*load_mnist("test", tmp_path))
    assert mirror.requests == [("/t10k-labels-idx1-ubyte.gz", None)]


def test_a_found_file_in_another_gzip_wrapper_is_as_good(tmp_path, put, no_network):
    put(tmp_path)
    path = tmp_path / (PLAIN["test"][0] + ".gz")
    path.write_bytes(gzip.compress(gzip.decompress(path.read_bytes()), compresslevel=1, mtime=1))
    assert_small(*load_mnist("test", tmp_path))


def wrong_pairs(to_idx):
    images, labels = np.zeros((5, 28, 28), np.uint8), np.arange(5, dtype=np.uint8)
    good = to_idx(images), to_idx(labels)
    return {
        "images cut": (good[0][:-1], good[1], "images.*truncated.*remove the file or replace it"),
        "labels longer": (good[0], good[1] + b"x", "labels.*trailing.*remove the file or replace it"),
        "labels are html": (good[0], b"<html>", "labels.*not an idx file"),
        "one label less": (good[0], to_idx(labels[:4]), "labels.* has 4 labels for the 5 images of .*images"),
        "a label of ten": (good[0], to_idx(labels + 6), "labels.*0 to 9, but reach 10"),
        "other size": (
            to_idx(np.zeros((5, 32, 32), np.uint8)),
            good[1],
            r"images.*\(N, 28, 28\), not uint8 \(5, 32, 32\)",
        ),
        "floats": (to_idx(images.astype("f4")), good[1], "images.*uint8 images.*not float32"),
        "exchanged": (good[1], good[0], r"images.*not uint8 \(5,\)"),
        "labels in two dimensions": (good[0], to_idx(labels[:, None]), r"labels.*\(N,\), not uint8 \(5, 1\)"),
        "wide labels": (good[0], to_idx(labels.astype("i4")), "labels.*uint8 labels.*not int32"),
        "no images": (to_idx(images[:0]), to_idx(labels[:0]), r"images.*not uint8 \(0, 28, 28\)"),
    }


WRONG = list(wrong_pairs(lambda array: b""))


@pytest.mark.parametrize("case", WRONG)
def test_damaged_files_are_refused_by_name(tmp_path, to_idx, no_network, case):
    images, labels, message = wrong_pairs(to_idx)[case]
    (tmp_path / PLAIN["test"][0]).write_bytes(images)
    (tmp_path / PLAIN["test"][1]).write_bytes(labels)
    with pytest.raises(ValueError, match=message):
        load_mnist("test", tmp_path)


@pytest.mark.parametrize("split", ["Train", "validation", "", None, 0])
def test_other_splits_are_refused(split):
    with pytest.raises(ValueError, match=f'"train" or "test", not {split!r}'):
        load_mnist(split)


def test_a_root_that_is_a_file_is_refused_before_the_network_is_asked(tmp_path, no_network, small_mnist):
    (tmp_path / "file").write_bytes(b"")
    for root in (tmp_path / "file", tmp_path / "file" / "below"):
        with pytest.raises(OSError, match=r"MNIST cannot be saved in .*file.*root= or TINYNET_DATA"):
            load_mnist("test", root)


@pytest.mark.skipif(
    sys.platform == "win32" or (hasattr(os, "geteuid") and os.geteuid() == 0), reason="this user may write anywhere"
)
def test_a_closed_folder_is_refused_before_the_network_is_asked(tmp_path, no_network, small_mnist):
    (tmp_path / "closed").mkdir(mode=0o500)
    for root in (tmp_path / "closed", tmp_path / "closed" / "below"):
        with pytest.raises(PermissionError, match=r"cannot be saved in .*closed.*root= or TINYNET_DATA"):
            load_mnist("test", root)


def test_without_any_place_the_error_says_what_to_do(monkeypatch, no_network):
    monkeypatch.setattr(mnist, "data_places", lambda root, name: [])
    with pytest.raises(FileNotFoundError, match=r"(?s)nowhere.*no folder to download them to.*root="):
        load_mnist("test")


def test_importing_loads_nothing_that_only_a_download_needs():
    code = (
        "import sys, numpy; before = set(sys.modules); import tinynet.datasets; new = set(sys.modules) - before; "
        "print(*sorted(new & {'urllib.request', 'http.client', 'ssl', 'socket', 'hashlib', 'gzip'}))"
    )
    path = os.pathsep.join(entry for entry in sys.path if entry)
    result = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "PYTHONPATH": path},
    )
    assert result.stdout.strip() == ""


@pytest.mark.parametrize(
    ("split", "count", "mean", "first"),
    [("train", 60000, 0.1307, [5, 0, 4, 1, 9]), ("test", 10000, 0.1325, [7, 2, 1, 0, 4])],
)
def test_the_real_files(mnist_dir, no_network, split, count, mean, first):
    images, labels = load_mnist(split, mnist_dir)
    assert images.shape == (count, 28, 28)
    assert labels[:5].tolist() == first
    assert np.bincount(labels).min() > 0.089 * count
    assert images.mean() / 255 == pytest.approx(mean, abs=5e-5)
