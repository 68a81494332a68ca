"""The pen, and the form of MNIST that a drawing is given."""

from __future__ import annotations

import numpy as np
import pytest

from tinynet.datasets.drawing import frame_digit, pen_depth


def centre(image):
    return [image.sum(axis=axis) @ np.arange(28) / image.sum() for axis in (1, 0)]


def test_depth_is_the_distance_to_the_edge_of_the_nearest_mark():
    x, y = np.arange(5.0), np.arange(4.0)
    start, end = np.array([[1.0, 1.0], [4.0, 3.0]]), np.array([[3.0, 1.0], [4.0, 3.0]])  # a line and a dot
    depth = pen_depth(x, y, start, end, np.array([0.5, 1.0]))
    assert depth.shape == (4, 5)
    for i, j in np.ndindex(4, 5):
        to_line = np.hypot(j - np.clip(j, 1, 3), i - 1)
        to_dot = np.hypot(j - 4, i - 3)
        assert depth[i, j] == pytest.approx(max(0.5 - to_line, 1 - to_dot))


@pytest.mark.parametrize(("height", "width"), [(200, 100), (60, 150), (100, 100), (7, 3)])
@pytest.mark.parametrize("corner", [(0, 0), (30, 70)])
def test_the_longer_side_fills_20_pixels_around_the_centre_of_mass(height, width, corner):
    ink = np.zeros((280, 280))
    ink[corner[0] : corner[0] + height, corner[1] : corner[1] + width] = 1
    image = frame_digit(ink)
    assert (image.shape, image.dtype, image.max()) == ((28, 28), np.uint8, 255)
    longer = max(height, width)
    np.testing.assert_allclose(image.sum() / 255, 400 * height * width / longer**2, rtol=0.01)
    np.testing.assert_allclose(centre(image), 14, atol=0.02)
    # Its edges are at 14.5 - 10 = 4.5: half of the first pixel.
    along = image.max(axis=1 if height == longer else 0)
    np.testing.assert_array_equal(along, [0] * 4 + [128] + [255] * 19 + [128] + [0] * 3)


def test_a_pixel_is_the_mean_of_what_it_covers():
    quarter = np.random.default_rng(0).random((20, 20))
    ink = np.block([[quarter, quarter[:, ::-1]], [quarter[::-1], quarter[::-1, ::-1]]])  # its mass is in the middle
    image = frame_digit(ink)
    # Two lines make a pixel; the first and the last pixel are half beside the drawing.
    expected = np.pad(ink, 1).reshape(21, 2, 21, 2).mean(axis=(1, 3))
    np.testing.assert_allclose(image[4:25, 4:25], 255 * expected, atol=0.51)
    assert image.sum() == image[4:25, 4:25].sum()


@pytest.mark.parametrize("turn", range(4))
def test_what_would_reach_out_of_the_image_is_moved_less(turn):
    ink = np.zeros((100, 100))
    ink[20:24, 20:80] = 1
    ink[20:80, 20:24] = 1
    ink[20:50, 20:50] = 1  # heavy at one end
    image = np.rot90(frame_digit(np.rot90(ink, turn)), -turn)
    np.testing.assert_allclose(image.sum() / 255, ink.sum() / 9, rtol=0.01)
    assert image[27].any()
    assert image[:, 27].any()


def test_an_empty_drawing_is_an_empty_image():
    image = frame_digit(np.zeros((50, 50)))
    assert (image.shape, image.dtype, image.any()) == ((28, 28), np.uint8, False)


def test_the_drawing_is_left_as_it_is():
    ink = np.eye(50)
    ink.flags.writeable = False
    frame_digit(ink)
    np.testing.assert_array_equal(ink, np.eye(50))
