from __future__ import annotations

import numpy as np
import pytest

from tinynet.datasets import normalize
from tinynet.errors import ShapeError

PIXELS = np.random.default_rng(0).integers(0, 256, (3, 28, 28), np.uint8)


def test_divides_by_255_exactly_as_float32_does():
    every_value = np.resize(np.arange(256, dtype=np.uint8), (1, 28, 28))
    expected = every_value.reshape(1, 784).astype(np.float32) / np.float32(255)
    result = normalize(every_value)
    assert result.dtype == np.float32
    np.testing.assert_array_equal(result, expected)
    assert result.min() == 0
    assert result.max() == 1


@pytest.mark.parametrize(("mean", "std"), [(0.1307, 0.3081), (0.5, 0.5), (0, 2), (-1, 1)])
def test_standardises(mean, std):
    expected = (PIXELS.reshape(3, 784) / 255 - mean) / std
    np.testing.assert_allclose(normalize(PIXELS, mean=mean, std=std), expected, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(
        normalize(PIXELS, mean=mean, std=std, dtype="float64"), expected, rtol=1e-14, atol=1e-14
    )


@pytest.mark.parametrize("shape", [(3, 28, 28), (3, 784), (3, 1, 28, 28)])
@pytest.mark.parametrize("dtype", [np.uint8, np.int64, np.uint16, ">i4"])
def test_layouts_and_integer_types(shape, dtype):
    np.testing.assert_array_equal(normalize(PIXELS.reshape(shape).astype(dtype)), normalize(PIXELS))


def test_one_image_gives_one_row():
    np.testing.assert_array_equal(normalize(PIXELS[1]), normalize(PIXELS)[1:2])


def test_no_image_gives_no_row():
    assert normalize(PIXELS[:0]).shape == (0, 784)
    assert normalize(PIXELS[:0].astype(float)).shape == (0, 784)
    assert normalize(PIXELS[:0, None]).shape == (0, 784)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_result_type(dtype):
    assert normalize(PIXELS, mean=np.float64(0.1), std=np.float64(0.3), dtype=dtype).dtype == dtype


def test_floats_are_taken_as_scaled():
    scaled = PIXELS.astype(np.float32) / np.float32(255)
    np.testing.assert_array_equal(normalize(scaled), normalize(PIXELS))


@pytest.mark.parametrize("images", [PIXELS, PIXELS.reshape(3, 784) / 255, normalize(PIXELS)], ids=["u1", "f8", "f4"])
@pytest.mark.parametrize("scaling", [{}, {"mean": 0.5, "std": 0.5}])
def test_neither_changes_nor_shares_the_images(images, scaling):
    before = images.copy()
    result = normalize(images, **scaling)
    assert not np.shares_memory(result, images)
    result[...] = -1
    np.testing.assert_array_equal(images, before)


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (PIXELS.astype(np.float32), r"floats? images must be in 0\.\.1.*reach from 0\.0 to 255\.0"),
        (np.full((28, 28), -0.01), r"0\.\.1"),
        (np.full((28, 28), np.nan), r"0\.\.1.*nan"),
        (np.full((28, 28), 256), r"0\.\.255.*256"),
        (np.full((28, 28), -1, np.int8), r"0\.\.255.*-1"),
    ],
    ids=["unscaled floats", "negative", "nan", "256", "negative integer"],
)
def test_values_out_of_range_are_refused(value, message):
    with pytest.raises(ValueError, match=message):
        normalize(value)


@pytest.mark.parametrize("shape", [(), (784,), (27, 28), (3, 28, 27), (1, 3, 28, 28), (28, 28, 1), (3, 783)])
def test_other_shapes_are_refused(shape):
    with pytest.raises(ShapeError, match=r"\(N, 28, 28\).*not \(" + ", ".join(map(str, shape))):
        normalize(np.zeros(shape, np.uint8))


@pytest.mark.parametrize("value", [np.zeros((28, 28), bool), np.zeros((28, 28), complex), np.full((28, 28), "0")])
def test_other_types_are_refused(value):
    with pytest.raises(TypeError, match="images must be integer pixels or floats"):
        normalize(value)


@pytest.mark.parametrize("std", [0, -1, np.inf, np.nan])
def test_std_must_be_positive(std):
    with pytest.raises(ValueError, match="std must be positive"):
        normalize(PIXELS, std=std)


@pytest.mark.parametrize("mean", [np.inf, np.nan])
def test_mean_must_be_finite(mean):
    with pytest.raises(ValueError, match="mean must be finite"):
        normalize(PIXELS, mean=mean)


@pytest.mark.parametrize("dtype", [int, complex, np.uint8])
def test_result_must_be_float(dtype):
    with pytest.raises(TypeError, match="dtype must be float32 or float64"):
        normalize(PIXELS, dtype=dtype)
