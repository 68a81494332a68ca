"""Convolutions that take windows in pairs, however few there are, or never."""

from tinynet.functional import winograd


def take_pairs(patch, chosen=True):
    """Let convolutions take windows of three columns in pairs from now on, or none."""
    for name in "FEWEST_SAMPLES", "FEWEST_CHANNELS", "SMALLEST_PRODUCT":
        patch.setattr(winograd, name, 1 if chosen else 10**9)
