"""Products in pieces: those of NumPy, the same bits on any number of threads, and no piece for OpenBLAS's threads."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pytest
from window_pairs import take_pairs

import tinynet as tn
from tinynet import _threads
from tinynet.functional import convolution_gradients, products

RNG = np.random.default_rng(0)
ROWS, DEPTHS, COLUMNS = (1, 16, 35, 64, 97), (1, 33, 384, 640, 641, 769), (1, 47, 48, 100, 130)
SHAPES = [(m, k, n) for m in ROWS for k in DEPTHS for n in COLUMNS]


def matrix(shape, along):
    """Return numbers whose sums are exact: all ways to add them up give the same bits."""
    numbers = RNG.integers(-9, 10, shape).astype(np.float32)
    return np.asfortranarray(numbers) if along else numbers


@pytest.fixture
def threads(monkeypatch):
    monkeypatch.setattr(_threads, "THREADS", 2)
    monkeypatch.setattr(_threads, "WORTH_BYTES", 0)
    return monkeypatch


@pytest.mark.parametrize(
    ("piece", "height", "width", "lane"),
    [(20_000, 16, 16, 1), (products.PIECE, products.HEIGHT, products.WIDTH, products.LANE)],
)
@pytest.mark.parametrize("kept", [1, products.KEPT_BYTES])
@pytest.mark.parametrize("columns_first", [False, True])
@pytest.mark.parametrize("rows_first", [False, True])
def test_they_are_those_of_numpy(piece, height, width, lane, rows_first, columns_first, kept, threads):
    threads.setattr(products, "KEPT_BYTES", kept)
    threads.setattr(products, "PIECE", piece)
    threads.setattr(products, "WIDTH", width)
    threads.setattr(products, "HEIGHT", height)
    threads.setattr(products, "LANE", lane)
    for m, k, n in SHAPES:
        a, b = matrix((m, k), rows_first), matrix((k, n), columns_first)
        for multiply in (products.product, products.shared_product):
            out = np.full((m, n), np.nan, np.float32)
            multiply(a, b, out)
            assert np.array_equal(out, a @ b), (multiply, m, k, n)


@pytest.mark.parametrize("shape", [(64, 291, 1100), (20, 700, 1000), (3, 4, 5)])
@pytest.mark.parametrize("along", [False, True])
@pytest.mark.parametrize("kept", [1, products.KEPT_BYTES])
def test_stacks(shape, along, kept, threads):
    threads.setattr(products, "KEPT_BYTES", kept)
    m, k, n = shape
    a, b = matrix((3, m, k), False), matrix((3, n, k), False).swapaxes(1, 2) if along else matrix((3, k, n), False)
    out = np.full((3, m, n), np.nan, np.float32)
    products.product(a[0], b, out)
    assert np.array_equal(out, a[0] @ b)
    total = np.full((m, n), np.nan, np.float32)
    products.sum_of_products(a, b, total)
    assert np.array_equal(total, (a @ b).sum(axis=0))


def test_no_piece_is_one_for_the_threads_of_openblas(threads):
    sizes = []
    numpys = np.matmul

    def matmul(a, b, out=None):
        m, k, n = *a.shape[-2:], b.shape[-1]
        along = a.strides[-1] == b.strides[-2] == a.itemsize
        sizes.append(m * k * n)
        most = products.ALONE if (along and m * n > 1200) or 1 in (m, n) else products.PIECE
        assert m * k * n <= most, (m, k, n)
        return numpys(a, b, out=out)

    threads.setattr(np, "matmul", matmul)
    for m, k, n in [
        *SHAPES,
        (64, 291, 1536),
        (96, 192, 1536),
        (128, 9216, 64),
        (9216, 128, 64),
        (512, 640, 4000),
        (1, 9216, 3000),
        (1, 600, 20000),
    ]:
        for orders in ("CC", "CF", "FC", "FF"):
            a, b = (np.ones(shape, np.float32, order) for shape, order in zip(((m, k), (k, n)), orders))
            products.shared_product(a, b, np.empty((m, n), np.float32))
    assert max(sizes) > products.PIECE / 2


@pytest.mark.parametrize(("k", "width"), [(291, 48), (384, 32), (577, 16)])
def test_columns_of_pieces_fill_whole_registers(k, width, threads):
    widths, numpys = set(), np.matmul

    def matmul(a, b, out=None):
        widths.add(b.shape[-1])
        return numpys(a, b, out=out)

    threads.setattr(np, "matmul", matmul)
    products.product(
        np.ones((64, k), np.float32), np.ones((k, 10 * width), np.float32), np.empty((64, 10 * width), np.float32)
    )
    assert widths == {width}


def test_one_thread_multiplies_in_one_piece(monkeypatch):
    monkeypatch.setattr(_threads, "THREADS", 1)
    calls = []
    monkeypatch.setattr(np, "matmul", lambda a, b, out: calls.append((a.shape, b.shape)))
    for depth in (500, 5000):
        for multiply in (products.product, products.shared_product):
            multiply(np.ones((64, depth)), np.ones((depth, 2000)), np.empty((64, 2000)))
    assert calls == [((64, 500), (500, 2000))] * 2 + [((64, 5000), (5000, 2000))] * 2


def convolutional_step():
    """Return logits and gradients of a network with all that is shared."""
    rng = np.random.default_rng(1)
    net = tn.Sequential(
        tn.Conv2d(1, 6, 3, padding=1, rng=rng, dtype="float64"),
        tn.ReLU(),
        tn.MaxPool2d(3, stride=2),
        tn.Conv2d(6, 8, 3, stride=(1, 2), rng=rng, dtype="float64"),
        tn.ReLU(),
        tn.MaxPool2d(2),
        tn.Flatten(),
        tn.Dense(80, 40, rng=rng, dtype="float64"),
        tn.ReLU(),
        tn.Dense(40, 10, rng=rng, dtype="float64"),
    )
    x = rng.normal(size=(20, 1, 26, 26))
    y = net.forward(x, training=True)
    grad_x = net.backward(rng.normal(size=y.shape))
    return [net(x), y, grad_x, *net.grads.values()]


@pytest.mark.parametrize("by_pairs", [True, False])
def test_layers_give_the_same_on_any_number_of_threads(by_pairs, monkeypatch):
    take_pairs(monkeypatch, by_pairs)
    found = {}
    for threads in (1, 2, 3, 5):
        monkeypatch.setattr(_threads, "THREADS", threads)
        if threads > 1:
            monkeypatch.setattr(_threads, "WORTH_BYTES", 0)
            monkeypatch.setattr(products, "PIECE", 5000)
            monkeypatch.setattr(products, "WIDTH", 8)
            monkeypatch.setattr(products, "LANE", 1)
            monkeypatch.setattr("tinynet.functional.windows.GROUP_BYTES", 1)
        found[threads] = convolutional_step()
    for alone, two, three, five in zip(*found.values()):
        np.testing.assert_allclose(two, alone, rtol=1e-12, atol=1e-13)
        assert np.array_equal(two, three)
        assert np.array_equal(two, five)


@pytest.mark.parametrize("by_pairs", [True, False])
def test_gradients_of_large_filters_keep_few_sums(by_pairs, monkeypatch):
    take_pairs(monkeypatch, by_pairs)
    monkeypatch.setattr("tinynet.functional.windows.GROUP_BYTES", 1)
    monkeypatch.setattr(_threads, "THREADS", 1)
    monkeypatch.setattr("tinynet._memory.SMALLEST", 1 << 30)  # memory that is used again would not be counted
    rng = np.random.default_rng(0)
    x, weight = rng.normal(size=(1, 64, 20, 3)), rng.normal(size=(128, 64, 3, 3))  # of 590 kB
    grad = rng.normal(size=(1, 128, 18, 1))
    peaks, gradients = [], []
    for kept in (1, products.KEPT_BYTES):
        monkeypatch.setattr(products, "KEPT_BYTES", kept)
        monkeypatch.setattr(convolution_gradients, "KEPT_BYTES", kept)
        tracemalloc.start()
        gradients.append(tn.functional.conv2d_backward(grad, x, weight)[1])
        peaks.append(tracemalloc.get_traced_memory()[1] / weight.nbytes)
        tracemalloc.stop()
    np.testing.assert_allclose(*gradients, rtol=1e-9, atol=1e-12)
    assert peaks[0] < 7  # halves of halves of halves are kept until they are added
    assert peaks[0] + 1 < peaks[1] < 16


def test_few_sums_are_kept_until_they_are_added(monkeypatch):
    monkeypatch.setattr("tinynet._memory.SMALLEST", 1 << 30)
    a, b, out = np.ones((64, 100, 3)), np.ones((64, 3, 100)), np.empty((100, 100))
    monkeypatch.setattr(products, "KEPT_BYTES", 4 * out.nbytes)
    tracemalloc.start()
    products.sum_of_products(a, b, out)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert (out == 3 * 64).all()
    assert peak < 12 * out.nbytes


@pytest.mark.parametrize("order", "CF")
def test_the_gradient_of_a_dense_weight_lies_in_memory_as_the_weight(order):
    weight, x, grad = np.ones((3, 5), order=order), np.ones((5, 4)).T, np.ones((4, 3))
    _, found, _ = tn.functional.dense_backward(grad, x, weight)
    assert found.tolist() == [[4.0] * 5] * 3
    assert found.flags[f"{order}_CONTIGUOUS"]
