"""Diagrams for the derivations of dense networks, in English and German, drawn by the build of the pages."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.patches import FancyBboxPatch, Rectangle

from tinynet.functional import dense, relu, softmax
from tinynet.initializers import he_normal

BLUE, RED, GREY = "#0072b2", "#d55e00", "0.35"


def blank(width, height):
    """Return axes without ticks or frame, on which one unit is 0.32 inches."""
    ax = plt.figure(figsize=(0.32 * width, 0.32 * height)).add_axes((0, 0, 1, 1))
    ax.set(xlim=(0, width), ylim=(0, height), aspect="equal")
    ax.axis("off")
    return ax


def arrow(ax, start, end, color, **style):
    """Draw an arrow between two points."""
    style = {"arrowstyle": "-|>", "color": color, "linewidth": 1.4, "shrinkA": 0, "shrinkB": 0, **style}
    ax.annotate("", end, start, arrowprops=style)


def number(value, digits):
    """Format a number with a real minus sign."""
    return f"{value:.{digits}f}".replace("-", "\N{MINUS SIGN}")


def draw_graph(steps: tuple[str, ...] = ("dense", "ReLU", "dense", "softmax,\ncross entropy")) -> None:
    """Draw a network of two dense layers as a graph, values to the right and gradients to the left."""
    ax = blank(24, 9)
    nodes = [("$X$", "$(N, d_0)$"), ("$Z_1$", "$(N, d_1)$"), ("$H_1$", "$(N, d_1)$"), ("$Z_2$", "$(N, C)$")]
    nodes.append((r"$\mathcal{L}$", ""))
    gradients = [r"$\mathrm{d}X$", "$G_1$", r"$\mathrm{d}H_1$", "$G_2$", "$1$"]
    for i, ((name, shape), gradient) in enumerate(zip(nodes, gradients)):
        x = 1.6 + 5.2 * i
        ax.add_patch(
            FancyBboxPatch((x - 1, 4), 2, 1.6, boxstyle="round,pad=0.1", facecolor="#e8f1f8", edgecolor=GREY)
        )
        ax.text(x, 5.05, name, ha="center", va="center", fontsize=14)
        ax.text(x, 4.3, shape, ha="center", va="center", fontsize=9, color="0.25")
        ax.text(x, 3.2, gradient, ha="center", va="center", fontsize=13, color=RED)
        if i < 4:
            ax.text(x + 2.6, 5.65, steps[i], ha="center", va="bottom", fontsize=10, color=BLUE)
            arrow(ax, (x + 1.2, 5.1), (x + 4, 5.1), BLUE)
            arrow(ax, (x + 4, 4.3), (x + 1.2, 4.3), RED, linestyle="--")
    for x, layer in ((4.2, 1), (14.6, 2)):
        ax.text(x, 8.2, f"$W_{layer}$, $b_{layer}$", ha="center", fontsize=13)
        arrow(ax, (x, 8), (x, 6.5), BLUE)
        arrow(ax, (x, 4.1), (x, 1.8), RED, linestyle="--")
        ax.text(x, 1, rf"$\mathrm{{d}}W_{layer}$, $\mathrm{{d}}b_{layer}$", ha="center", fontsize=13, color=RED)
    ax.text(19.8, 8.2, "$T$", ha="center", fontsize=13)
    arrow(ax, (19.8, 8), (19.8, 7.1), BLUE)


def draw_graph_de() -> None:
    """Draw the same with German words."""
    draw_graph(("dicht", "ReLU", "dicht", "Softmax,\nKreuzentropie"))


def draw_shapes() -> None:
    """Draw the arrays of a network for digits; a matrix is as high as what it is multiplied with is wide."""
    ax = blank(24, 8.2)
    widths, names, steps = (784, 128, 64, 10), ("X", "H_1", "H_2", "Z_3"), ("ReLU", "ReLU", "")
    sides = [3.8 * (width / 784) ** 0.25 for width in widths]  # not to scale
    left = 0.4
    for i, (width, side, name) in enumerate(zip(widths, sides, names)):
        ax.add_patch(Rectangle((left, 1.5), side, 1.5, facecolor="#e8f1f8", edgecolor=GREY))
        ax.text(left + side / 2, 2.25, f"${name}$", ha="center", va="center", fontsize=13)
        ax.text(left + side / 2, 1.1, f"$(N, {width})$", ha="center", va="top", fontsize=10, color="0.25")
        if i < 3:
            middle, wide = left + side + 2.1, sides[i + 1]
            ax.add_patch(Rectangle((middle - wide / 2, 3.5), wide, side, facecolor="#fbe3c0", edgecolor=GREY))
            ax.text(middle, 3.5 + side / 2, rf"$W_{i + 1}^\top$", ha="center", va="center", fontsize=12)
            shape = f"$({width}, {widths[i + 1]})$"
            ax.text(middle, 3.65 + side, shape, ha="center", va="bottom", fontsize=10, color="0.25")
            arrow(ax, (left + side + 0.3, 2.25), (left + side + 3.9, 2.25), BLUE)
            label = rf"$+\; \mathbf{{1}} b_{i + 1}^\top$" + (f", {steps[i]}" if steps[i] else "")
            ax.text(middle, 2, label, ha="center", va="top", fontsize=10, color=BLUE)
        left += side + 4.2


def draw_softmax(
    score: str = "score",
    scores: str = "scores",
    probability: str = "probability",
    probabilities: str = "probabilities",
    label: str = "class",
) -> None:
    """Draw scores, their softmax, and its Jacobian with the sums of its rows and columns."""
    z = np.array([2.0, 1.0, 0.0, -1.0])
    s = softmax(z)
    jacobian = np.diag(s) - np.outer(s, s)
    figure, axes = plt.subplots(1, 3, figsize=(8.2, 2.9), gridspec_kw={"width_ratios": (1, 1, 1.5)})
    for ax, values, title in zip(axes, (z, s), (f"{scores} $z$", f"{probabilities} $s$")):
        bars = ax.bar(range(1, 5), values, color=BLUE, width=0.6)
        ax.bar_label(bars, [number(value, 3 if values is s else 0) for value in values], padding=2)
        ax.axhline(0, color=GREY, linewidth=0.8)
        ax.set(title=title, xticks=range(1, 5), xlabel=label, yticks=[])
        ax.margins(y=0.15)
        ax.spines[["left", "right", "top"]].set_visible(False)
    ax = axes[2]
    image = ax.imshow(jacobian, cmap="RdBu_r", vmin=-0.25, vmax=0.25)
    for (i, j), value in np.ndenumerate(jacobian):
        color = "white" if abs(value) > 0.15 else "black"
        ax.text(j, i, number(value, 3), ha="center", va="center", fontsize=8, color=color)
    places = {"ticks": range(4), "labels": range(1, 5)}
    ax.set_xticks(**places)
    ax.set_yticks(**places)
    ax.set(title=r"$J = \mathrm{diag}(s) - s s^\top$", xlabel=f"{score} $j$", ylabel=f"{probability} $i$")
    figure.colorbar(image, ax=ax, label=r"$\partial s_i / \partial z_j$")
    figure.tight_layout()


def draw_softmax_de() -> None:
    """Draw the same with German words."""
    draw_softmax("Logit", "Logits", "Wahrscheinlichkeit", "Wahrscheinlichkeiten", "Klasse")


def draw_he(
    halves: tuple[str, str] = ("set to 0", "kept"),
    share_title: str = r"share of $y$ in $\mathrm{E}[y^2]$",
    output: str = "output $y$ of a neuron",
    square_title: str = "mean square before the ReLU",
    layer: str = "layer",
) -> None:
    """Draw what a ReLU keeps of a symmetric distribution, and the mean square in thirty layers."""
    figure, (left, right) = plt.subplots(1, 2, figsize=(8, 3.1))
    y = np.linspace(-3.5, 3.5, 701)
    share = y**2 * np.exp(-(y**2) / 2) / np.sqrt(2 * np.pi)
    left.fill_between(y, share, where=y <= 0, color="0.8")
    left.fill_between(y, share, where=y >= 0, color=BLUE, alpha=0.6)
    left.text(-1.5, 0.1, halves[0], ha="center")
    left.text(1.5, 0.1, halves[1], ha="center")
    left.set(title=share_title, xlabel=output, yticks=[], ylim=0)
    left.spines[["left", "right", "top"]].set_visible(False)

    rng = np.random.default_rng(0)
    weights = [he_normal((200, 200), rng=rng, dtype="float64") for _ in range(30)]
    x = rng.normal(size=(50, 200))
    for factor, color, style in ((3, RED, "--"), (2, BLUE, "-"), (1, "black", ":")):
        h, squares = x, []
        for w in weights:
            z = dense(h, np.sqrt(factor / 2) * w)
            squares.append((z**2).mean())
            h = relu(z)
        right.semilogy(range(1, 31), squares, color=color, linestyle=style, linewidth=2)
        right.text(30.7, squares[-1], f"{factor} / fan in", color=color, va="center")
    right.set(title=square_title, xlabel=layer, xlim=(0, 39), xticks=(1, 10, 20, 30))
    right.spines[["right", "top"]].set_visible(False)
    figure.tight_layout()


def draw_he_de() -> None:
    """Draw the same with German words."""
    draw_he(
        halves=("auf 0 gesetzt", "behalten"),
        share_title=r"Anteil von $y$ an $\mathrm{E}[y^2]$",
        output="Ausgabe $y$ eines Neurons",
        square_title="mittleres Quadrat vor der ReLU",
        layer="Schicht",
    )
