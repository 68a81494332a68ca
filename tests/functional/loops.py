"""Convolution and pooling as loops over samples, channels, rows and columns: slow, and hard to get wrong."""

from __future__ import annotations

import itertools

import numpy as np


def conv2d(x, weight, bias, stride, padding):
    def weighted(window, f):
        return (window * weight[f]).sum() + (0 if bias is None else bias[f])

    y = None
    for n, i, j, window, counts in _windows(x, weight.shape[2:], stride, padding, 0):
        y = np.empty((len(x), len(weight), *counts)) if y is None else y
        for f in range(len(weight)):
            y[n, f, i, j] = weighted(window, f)
    return y


def max_pool2d(x, kernel, stride, padding):
    return _pool(x, kernel, stride, padding, -np.inf, np.max)


def avg_pool2d(x, kernel, stride, padding, count_include_pad):
    if count_include_pad:
        return _pool(x, kernel, stride, padding, 0, np.mean)
    return _pool(x, kernel, stride, padding, np.nan, np.nanmean)


def _pool(x, kernel, stride, padding, frame, reduce):
    y = None
    for n, i, j, window, counts in _windows(x, kernel, stride, padding, frame):
        y = np.empty((*x.shape[:2], *counts)) if y is None else y
        for c in range(x.shape[1]):
            y[n, c, i, j] = reduce(window[c])
    return y


def _windows(x, kernel, stride, padding, frame):
    """Yield, for each sample and window, (n, i, j), all channels of the window, and how many windows there are."""
    around = [(0, 0), (0, 0), (padding[0], padding[0]), (padding[1], padding[1])]
    padded = np.pad(x, around, constant_values=frame)
    counts = [len(range(0, padded.shape[2 + d] - kernel[d] + 1, stride[d])) for d in range(2)]
    for n, i, j in itertools.product(range(len(x)), *map(range, counts)):
        top, left = i * stride[0], j * stride[1]
        yield n, i, j, padded[n, :, top : top + kernel[0], left : left + kernel[1]], counts
