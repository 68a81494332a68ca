"""Each check of a derivation fails when its mathematics is wrong, but for mutants that change nothing."""

import pytest
from mutants import functions, survivors
from page_statements import statements
from test_pages import DERIVATIONS, PAGES

import tinynet.functional

STATEMENTS = {name: statements(PAGES[name]) for name in DERIVATIONS if ">>>" in PAGES[name]}
BY_BROADCASTING = "NumPy repeats a column by itself"
BY_SIGN = "a positive factor keeps the sign, which alone counts"
BY_SYMMETRY = "the weights are as often positive as negative"
EQUIVALENT = {
    "batch_normalization": {
        ("bn-jacobian", "T np.column_stack(columns)"): "the matrix is symmetric, up to the error of the differences",
    },
    "initialization": {
        ("init-recursion", "- Y"): BY_SYMMETRY,
        ("init-relu-backward", "- Y"): BY_SYMMETRY,
        ("init-uniform", "- A"): BY_SYMMETRY,
        ("init-uniform", "- U"): BY_SYMMETRY,
        ("init-uniform-variance", "- U"): BY_SYMMETRY,
    },
    "leaky_relu": {
        ("leaky-sign", "2 X"): BY_SIGN,
        ("leaky-sign", "2 a"): BY_SIGN,
        ("leaky-sign", "2 lrelu(X, a)"): BY_SIGN,
    },
    "log_sum_exp": {
        ("lse-log-softmax-backward-batch", "dG @ ones for dG @ ones @ ones.T"): BY_BROADCASTING,
    },
    "optimizers": {
        ("optimizer-sign", "G[:1] for 1000 * G[:1]"): "the size of the gradient cancels, as the page says",
    },
    "pooling": {
        ("def from_below(g):", "2 z.max(axis=1) - x.max() - (z - x) @ np.array(g)"): BY_SIGN,
    },
    "relu": {
        ("relu-kink", "relu([h]) for relu([h]) - relu([-h])"): "relu(-h) is 0",
    },
    "softmax": {
        ("softmax-backward-batch", "S * dS @ ones for S * dS @ ones @ ones.T"): BY_BROADCASTING,
        ("softmax-shift", "Z for Z + 1000"): "the shift changes nothing, as the page says",
    },
}
# The sign and the order of random weights are chance: only their size can be checked.
WEIGHTS = ("glorot_normal", "glorot_uniform", "he_normal", "he_uniform")
BY_CHANCE = {f"{rule} {name}[0]" for rule in "-T" for name in WEIGHTS}
pytestmark = pytest.mark.filterwarnings("ignore::RuntimeWarning")  # wrong formulas divide by 0, or take roots of -1


@pytest.mark.parametrize("name", STATEMENTS)
def test_no_mutant_of_a_page_survives_its_checks(name):
    page = name.split("/")[1].split(".")[0]
    assert set(survivors(STATEMENTS[name])) == set(EQUIVALENT.get(page, {}))


def test_each_formula_of_the_package_is_checked_on_a_page_that_notices_wrong_results():
    noticed = {}
    for page in STATEMENTS.values():
        for mutant, is_noticed in functions(page):
            noticed[mutant] = noticed.get(mutant, False) or is_noticed
    assert {mutant for mutant, is_noticed in noticed.items() if not is_noticed} <= BY_CHANCE
    arrays = set(tinynet.functional.__all__) - {"dropout_mask"}  # which returns no numbers
    assert arrays <= {mutant.split()[1].split("[")[0] for mutant in noticed}


HEAD = """
>>> import numpy as np
>>> from tinynet.functional import relu
>>> rng = np.random.default_rng(0)
>>> x, w = rng.normal(size=(3, 3)), rng.normal(size=(3, 3))
"""
WEAK = {
    "a bound that is far away": (">>> # weak\n>>> bool(((x @ w) ** 2).sum() < 1e6)\nTrue\n", "x for x @ w"),
    "a factor of 1 in the data": (">>> n = len(x) / 3\n>>> # weak\n>>> np.allclose(x / n, x)\nTrue\n", "x for x / n"),
    "one side only": (">>> y = x @ w / 2\n>>> # weak\n>>> np.allclose(y, y)\nTrue\n", "x @ w for x @ w / 2"),
    "a tolerance that is too large": (">>> # weak\n>>> np.allclose(x - w, x - w, atol=9)\nTrue\n", "- w"),
    "an absolute tolerance": (">>> # weak\n>>> np.allclose(1e-9 * x, 1e-9 * x)\nTrue\n", "2 x"),
}


@pytest.mark.parametrize("case", WEAK)
def test_the_mutants_of_a_weak_check_survive(case):
    check, mutant = WEAK[case]
    assert mutant in [name for _, name in survivors(statements(HEAD + check))]


@pytest.mark.parametrize(
    "check",
    [
        ">>> # strong\n>>> np.allclose(relu(x) @ w.T, np.einsum('nj,ij->ni', np.maximum(x, 0), w))\nTrue\n",
        ">>> y = np.zeros((3, 3))\n>>> for i in range(3):\n...     y[i] = 2 * x[i] - w[i]\n"
        ">>> # strong\n>>> np.allclose(y, 2 * x - w)\nTrue\n",
        ">>> def f(a):\n...     return a**2 / 3\n>>> # strong\n>>> np.allclose(3 * f(x), x * x)\nTrue\n",
    ],
)
def test_those_of_a_strong_one_do_not(check):
    assert survivors(statements(HEAD + check)) == []


def test_a_check_that_fails_is_no_check():
    with pytest.raises(AssertionError, match="wrong"):
        survivors(statements(HEAD + ">>> # wrong\n>>> np.allclose(x, w)\nTrue\n"))
