"""Images as they come: what `predict` and `predict_proba` make of them, and that nothing else is changed."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pytest

import tinynet as tn
from tinynet._images import as_batch

PIXELS = np.random.default_rng(0).integers(0, 256, (5, 12, 12), np.uint8)
SHARES = PIXELS / np.float32(255)


def dense(features=144):
    return tn.Sequential(tn.Dense(features, 4, rng=0), tn.Softmax())


def flat():
    return tn.Sequential(tn.ReLU(), tn.Flatten(), *dense())


def convolutional(channels=1):
    body = [tn.Conv2d(channels, 3, 3, rng=0), tn.MaxPool2d(2), tn.ReLU(), tn.Flatten(), tn.Dense(75, 4, rng=1)]
    return tn.Sequential(tn.Sequential(*body), tn.Softmax())


NETWORKS = pytest.mark.parametrize("network", [dense, flat, convolutional])
LAYOUTS = {
    "stack": lambda x: x,
    "channel": lambda x: x[:, None],
    "one": lambda x: x[0],
    "stack of one": lambda x: x[:1],
    "one with a channel": lambda x: x[:1],
    "none": lambda x: x[:0],
    "reversed": lambda x: x[::-1, ::-1, ::-1][::-1, ::-1, ::-1],
}


def expected(network, shares):
    """Return what the network gives for images that are laid out and scaled by hand."""
    shape = (-1, 1, 12, 12) if network is convolutional else (-1, 144)
    return network()(shares.reshape(shape))


@NETWORKS
@pytest.mark.parametrize("scale", [PIXELS, SHARES, SHARES.astype(np.float64)], ids=["uint8", "float32", "float64"])
@pytest.mark.parametrize("layout", LAYOUTS.values(), ids=LAYOUTS.keys())
def test_images_are_laid_out_and_pixels_scaled(network, scale, layout):
    net, x = network(), layout(scale)
    p = net.predict_proba(x)
    np.testing.assert_allclose(p, expected(network, layout(SHARES)), rtol=1e-6)
    assert p.dtype == np.float32
    assert np.array_equal(net.predict(x), p.argmax(axis=1))


@NETWORKS
def test_one_image_is_a_batch_of_one(network):
    for image in (PIXELS[0], SHARES[0], SHARES[0].ravel()):
        assert network().predict(image).shape == (1,)
        assert network().predict_proba(image).shape == (1, 4)


@NETWORKS
def test_rows_of_pixels(network):
    rows = SHARES.reshape(5, 144)
    np.testing.assert_allclose(network().predict_proba(rows), expected(network, SHARES), rtol=1e-6)


def test_rows_of_uint8_are_numbers_like_others_except_where_they_must_become_images():
    rows = PIXELS.reshape(5, 144)
    for network in (dense, flat):
        np.testing.assert_array_equal(network().predict_proba(rows), network()(rows.astype(np.float32)))
        np.testing.assert_allclose(network().predict_proba(rows[0]), network()(rows[:1]), rtol=1e-5)
    np.testing.assert_array_equal(convolutional().predict_proba(rows), expected(convolutional, SHARES))


@NETWORKS
@pytest.mark.parametrize("dtype", [np.int64, np.uint16, np.float32])
def test_other_numbers_are_not_scaled(network, dtype):
    p = network().predict_proba(PIXELS.astype(dtype))
    np.testing.assert_allclose(p, expected(network, PIXELS.astype(np.float32)), rtol=1e-6)


@NETWORKS
def test_black_and_white(network):
    ink = PIXELS > 127
    np.testing.assert_allclose(network().predict_proba(ink), expected(network, ink.astype(np.float32)), rtol=1e-6)


def test_a_network_of_float64_keeps_its_precision():
    net = tn.Sequential(tn.Dense(144, 4, rng=0, dtype="float64"), tn.Softmax())
    np.testing.assert_array_equal(net.predict_proba(PIXELS), net(PIXELS.reshape(5, 144) / 255.0))


def test_calling_the_network_scales_nothing():
    batch = PIXELS[:, None]
    assert not np.allclose(convolutional()(batch), convolutional().predict_proba(batch))
    np.testing.assert_array_equal(convolutional()(batch), convolutional()(batch.astype(np.float32)))
    with pytest.raises(tn.ShapeError, match="layer 0: Dense"):
        dense()(PIXELS)


def test_what_the_network_takes_comes_before_images():
    square = np.random.default_rng(1).random((12, 12), np.float32)
    net = dense(12)
    np.testing.assert_array_equal(net.predict_proba(square), net(square))
    np.testing.assert_array_equal(net.predict_proba(PIXELS[0]), net(PIXELS[0].astype(np.float32)))


def test_colour_images():
    colours = np.random.default_rng(1).integers(0, 256, (4, 3, 12, 12), np.uint8)
    shares = colours / np.float32(255)
    for net, batch in ((convolutional(3), shares), (dense(432), shares.reshape(4, 432))):
        np.testing.assert_allclose(net.predict_proba(colours), net(batch), rtol=1e-6)
        np.testing.assert_allclose(net.predict_proba(colours[0]), net(batch[:1]), rtol=1e-5)


def test_an_image_of_another_library_is_an_array():
    image = pytest.importorskip("PIL.Image").fromarray(PIXELS[0])
    np.testing.assert_array_equal(dense().predict_proba(image), dense().predict_proba(PIXELS[0]))


def test_layers_of_ones_own_that_do_not_tell_shapes_take_what_comes():
    class Mean(tn.Layer):
        def _forward(self, x, training):
            return x.mean(axis=2), None

    net = tn.Sequential(Mean(), tn.Dense(12, 4, rng=0))
    np.testing.assert_array_equal(net.predict(SHARES), net(SHARES).argmax(axis=1))
    with pytest.raises(tn.ShapeError, match=r"layer 1: Dense expects an input of shape \(N, 12\), got \(5, 3\)"):
        net.predict(np.zeros((5, 3, 2)))


@pytest.mark.parametrize(
    ("network", "takes"),
    [
        (dense, "rows of shape (N, 144), or images of shape (12, 12), (N, 12, 12) or (N, 1, 12, 12)"),
        (flat, "rows of shape (N, 144), or images of shape (12, 12), (N, 12, 12) or (N, 1, 12, 12)"),
        (lambda: dense(150), "rows of shape (N, 150), or images of 150 pixels"),
        (lambda: dense(4), "rows of shape (N, 4), or images of 4 pixels"),
        (convolutional, "images of shape (H, W), (N, H, W) or (N, 1, H, W) with H and W in 12..13, or rows"),
        (lambda: convolutional(3), "images of shape (3, H, W) or (N, 3, H, W) with H and W in 12..13"),
    ],
)
@pytest.mark.parametrize("shape", [(5, 12, 11), (2, 3, 4, 5, 6), (5, 4, 12, 12), (5, 143), (11,), (0, 143)])
@pytest.mark.parametrize("dtype", [np.uint8, np.float32])
def test_other_shapes_get_one_error(network, takes, shape, dtype):
    with pytest.raises(tn.ShapeError) as error:
        network().predict(np.zeros(shape, dtype))
    message = str(error.value)
    assert message.startswith(f"Sequential: predict takes {takes}")
    assert message.endswith(f"; got {shape}")


def test_the_error_names_network_and_method_and_no_sizes_where_all_are_taken():
    net = tn.Sequential(tn.Conv2d(1, 2, 1), name="eye")
    with pytest.raises(tn.ShapeError, match=r"^Sequential 'eye': predict takes .*\(N, 1, H, W\), or rows"):
        net.predict(np.zeros((1, 2, 3, 4)))
    with pytest.raises(tn.ShapeError, match=r"^Sequential: predict_proba takes"):
        dense().predict_proba(np.zeros((3, 4)))
    with pytest.raises(tn.ShapeError, match="single number"):
        dense().predict(3)


def test_where_no_layer_has_a_size_the_one_that_refuses_tells():
    with pytest.raises(tn.ShapeError, match=r"^layer 0: MaxPool2d expects an input of shape \(N, C, H, W\), got"):
        tn.Sequential(tn.MaxPool2d(2)).predict(np.zeros((1, 2, 3, 4, 5)))


@pytest.mark.parametrize(("batch_size", "error"), [(0, ValueError), (-1, ValueError), (2.5, TypeError)])
def test_bad_batch_sizes_are_refused_for_images_too(batch_size, error):
    for images in (PIXELS, SHARES):
        with pytest.raises(error, match="Sequential: batch_size must be"):
            dense().predict(images, batch_size=batch_size)


@NETWORKS
@pytest.mark.parametrize("batch_size", [None, 1, 2, 100])
def test_chunks_change_nothing_but_rounding(network, batch_size):
    p = network().predict_proba(PIXELS, batch_size=batch_size)
    np.testing.assert_allclose(p, expected(network, SHARES), rtol=1e-5)


@pytest.mark.parametrize(("dtype", "step"), [(np.uint8, 1), (np.float32, 1), (np.float32, 2)])
def test_a_large_map_of_images_is_read_in_chunks(tmp_path, dtype, step):
    file = np.memmap(tmp_path / "x.dat", dtype, "w+", shape=(40_000 // step, 28 * step, 28))[:, ::step]
    net = dense(784)
    file[-1] = 1
    net.predict(file[:100])
    tracemalloc.start()
    p = net.predict_proba(file)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 22e6  # the map would be 125 MB in float32
    np.testing.assert_allclose(p[[0, -1]], net.predict_proba(np.array(file[[0, -1]])), rtol=1e-5)
    one = net.predict_proba(file[-1])
    np.testing.assert_allclose(one, p[-1:], rtol=1e-5)


def test_images_are_left_as_they_are():
    for images in (PIXELS.copy(), SHARES.copy()):
        before = images.copy()
        images.flags.writeable = False
        for network in (dense, flat, convolutional):
            network().predict(images)
            network().predict(images[0])
        assert np.array_equal(images, before)


@NETWORKS
def test_as_batch_is_what_predict_evaluates(network):
    net = network()
    for images in (PIXELS, PIXELS[0], SHARES, SHARES.reshape(5, 144), PIXELS.tolist()):
        batch = as_batch(net, images, "test")
        assert batch.dtype == np.float32
        np.testing.assert_allclose(net(batch), net.predict_proba(images), rtol=1e-5)
    rows = as_batch(dense(), PIXELS.reshape(5, 144), "test")
    np.testing.assert_array_equal(rows, PIXELS.reshape(5, 144))
    with pytest.raises(tn.ShapeError, match=r"^test takes .*; got \(3, 4\)$"):
        as_batch(net, np.zeros((3, 4)), "test")
    with pytest.raises(TypeError, match="real numbers"):
        as_batch(net, np.full((12, 12), "x"), "test")


@pytest.mark.parametrize(
    ("layers", "message"),
    [
        ((tn.Flatten(), tn.Dense(100, 10)), r"layer 4: Dense expects an input of shape \(N, 100\), got \(N, 1352\)$"),
        ((tn.Dense(1352, 10),), r"layer 3: Dense expects .*, got \(N, 8, 13, 13\); put Flatten\(\) before it"),
    ],
)
def test_a_network_that_takes_no_image_says_which_layer_is_wrong(layers, message):
    network = tn.Sequential(tn.Conv2d(1, 8, 3), tn.ReLU(), tn.MaxPool2d(2), *layers)
    for images in (np.zeros((5, 28, 28)), np.zeros((28, 28)), np.zeros((5, 784))):
        with pytest.raises(tn.ShapeError, match=f"^Sequential: predict: {message}"):
            network.predict(images)
    with pytest.raises(tn.ShapeError, match=f"^fit: {message}"):
        tn.fit(network, np.zeros((5, 28, 28)), np.zeros(5, int), epochs=1, progress=False)
