"""Diagrams for docs/derivations/convolution.md and docs/de/herleitung/faltung.md, drawn by the build of the pages."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.patches import Rectangle

import tinynet as tn

ROWS = ["#cfe3f5", "#fbe3c0", "#d5ecd0"]  # a colour for each row of the image
BLUE, RED = "#0072b2", "#d55e00"


def draw_cells(ax, values, left, top, colors, size=1.0):
    """Draw numbers as a table of cells whose upper left corner is at (left, top)."""
    for i, row in enumerate(values):
        for j, value in enumerate(row):
            place = left + j * size, top - (i + 1) * size
            ax.add_patch(Rectangle(place, size, size, facecolor=colors[i][j], edgecolor="0.35", linewidth=0.8))
            ax.text(place[0] + size / 2, place[1] + size / 2, value, ha="center", va="center", fontsize=11)


def bracket(ax, left, right, y, height, label, color):
    """Draw a bracket from left to right, open downwards for a positive height."""
    ax.plot([left, left, right, right], [y, y + height, y + height, y], color=color, linewidth=1.8)
    ax.text((left + right) / 2, y + 1.7 * height, label, ha="center", va="center", color=color, fontsize=13)


def blank(figure, width, height):
    """Return axes without ticks or frame, on which one unit is the side of a cell."""
    ax = figure.add_axes((0, 0, 1, 1))
    ax.set(xlim=(0, width), ylim=(0, height), aspect="equal")
    ax.axis("off")
    return ax


def draw_columns(image_name: str = "image", memory_name: str = "memory of $S$") -> None:
    """Draw the shifted rows of a 3x3 image in memory, and the two matrices of columns that overlap there."""
    image = np.array([[1, 0, 2], [3, 1, 0], [0, 2, 1]])
    shifted = np.stack([image[:, :-1], image[:, 1:]], axis=1)  # (row, shift, window)
    ax = blank(plt.figure(figsize=(9.2, 3.96)), 23, 9.9)
    draw_cells(ax, image, 1, 8.5, [[color] * 3 for color in ROWS])
    ax.text(2.5, 8.9, image_name, ha="center", fontsize=12)

    draw_cells(ax, [shifted.ravel()], 6, 7.7, [[color for color in ROWS for _ in range(4)]])
    for block in range(6):
        ax.text(7 + 2 * block, 6.3, f"$v = {block % 2}$", ha="center", fontsize=9, color="0.3")
    for border in range(1, 3):
        ax.plot([6 + 4 * border] * 2, [6.6, 7.8], color="black", linewidth=2)
    ax.text(18.3, 7.2, memory_name, va="center", fontsize=12)
    bracket(ax, 6.05, 13.95, 7.9, 0.5, "$A_0$", BLUE)
    bracket(ax, 10.05, 17.95, 5.95, -0.5, "$A_1$", RED)

    for i, (left, color, name) in enumerate(((6.5, BLUE, "$A_0$ ="), (14, RED, "$A_1$ ="))):
        colors = [[ROWS[i + u]] * 2 for u in (0, 0, 1, 1)]
        ax.text(left - 0.3, 2.3, name, ha="right", va="center", fontsize=13, color=color)
        draw_cells(ax, shifted[i : i + 2].reshape(4, 2), left, 4.3, colors)
        for row, (u, v) in enumerate(((0, 0), (0, 1), (1, 0), (1, 1))):
            ax.text(left + 2.3, 3.8 - row, f"$u = {u}$, $v = {v}$", va="center", fontsize=9, color="0.3")


def draw_columns_de() -> None:
    """Draw the same with German words."""
    draw_columns("Bild", "Speicher von $S$")


def draw_spread(
    count_name: str = "windows over each pixel of $X$", remark: str = "last row and column: in no window"
) -> None:
    """Draw a gradient, the same spread into zeros, and how many windows lie over each pixel of the input."""
    ones = np.ones((1, 1, 3, 3))
    grad = np.ones((1, 1, 2, 2))
    over, _, _ = tn.functional.conv2d_backward(grad, np.zeros((1, 1, 6, 6)), ones, stride=2)
    over = over[0, 0].astype(int)
    names = np.array([["a", "b"], ["c", "d"]])
    spread = np.full((8, 8), "0")
    spread[2:6:2, 2:6:2] = names

    ax = blank(plt.figure(figsize=(9.6, 4.3)), 21, 9.4)
    draw_cells(ax, names, 0.5, 5, [[ROWS[1]] * 2] * 2)
    ax.text(1.5, 5.4, r"$\mathrm{d}Y$", ha="center", fontsize=13)

    filled = np.where(spread == "0", "white", ROWS[1])
    draw_cells(ax, spread, 4.2, 8.3, filled)
    ax.text(8.2, 8.7, r"$\hat G$", ha="center", fontsize=13)
    ax.add_patch(Rectangle((4.2 + 2, 8.3 - 6), 3, 3, fill=False, edgecolor=RED, linewidth=3))

    shades = np.array(["white", "#e3eef8", "#b9d5ee", "#000000", "#7fb2dd"])
    draw_cells(ax, over, 14.5, 7.3, shades[over])
    ax.text(17.5, 7.7, count_name, ha="center", fontsize=12)
    ax.add_patch(Rectangle((14.5 + 2, 7.3 - 4), 1, 1, fill=False, edgecolor=RED, linewidth=3))
    ax.text(17.5, 0.7, remark, ha="center", fontsize=10, color="0.3")


def draw_spread_de() -> None:
    """Draw the same with German words."""
    draw_spread("Fenster über jedem Pixel von $X$", "letzte Zeile und Spalte: in keinem Fenster")
