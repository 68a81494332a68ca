"""Dense: the formula, its layout, its first weights and its errors."""

from __future__ import annotations

import numpy as np
import pytest

import tinynet as tn
from tinynet.functional.affine import matrix_vector


def test_computes_x_times_weight_transposed_plus_bias():
    layer = tn.Dense(3, 2, rng=0)
    layer.params["weight"] = [[1, 2, 3], [4, 5, 6]]
    layer.params["bias"] = [10, 20]
    assert layer([[1, 0, 0], [1, 1, 1]]).tolist() == [[11, 24], [16, 35]]
    assert layer([[1, 1, 1]]).tolist() == [[16, 35]]


def test_a_square_weight_is_not_transposed():
    layer = tn.Dense(2, 2, rng=0)
    layer.params.update(weight=[[0, 1], [0, 0]])
    assert layer([[5, 7]]).tolist() == [[7, 0]]


def test_gradients_of_a_worked_example():
    layer = tn.Dense(2, 2, rng=0)
    layer.params["weight"] = [[1, 2], [3, 4]]
    layer.forward([[1, 2], [3, 4]], training=True)
    assert layer.backward([[1, 0], [0, 1]]).tolist() == [[1, 2], [3, 4]]
    assert layer.grads["weight"].tolist() == [[1, 2], [3, 4]]
    assert layer.grads["bias"].tolist() == [1, 1]


def test_first_weights_are_he_normal_and_biases_zero():
    layer = tn.Dense(400, 300, rng=0)
    assert layer.params["weight"].var() * 400 == pytest.approx(2, rel=0.02)
    assert not layer.params["bias"].any()
    assert np.array_equal(layer.params["weight"], tn.initializers.he_normal((300, 400), rng=0))


def test_same_seed_same_bits_and_global_state_untouched():
    np.random.seed(1)  # noqa: NPY002 - the global state is what this test watches
    state = np.random.get_state()[1].copy()  # noqa: NPY002
    a, b, c = (tn.Dense(5, 4, rng=seed) for seed in (3, 3, 4))
    assert np.array_equal(a.params["weight"], b.params["weight"])
    assert not np.array_equal(a.params["weight"], c.params["weight"])
    assert np.array_equal(np.random.get_state()[1], state)  # noqa: NPY002


def test_a_generator_is_used_where_it_stands():
    rng = np.random.default_rng(0)
    a, b = tn.Dense(5, 4, rng=rng), tn.Dense(5, 4, rng=rng)
    assert not np.array_equal(a.params["weight"], b.params["weight"])


def test_float32_is_the_rounded_float64_of_the_same_seed():
    a, b = tn.Dense(5, 4, rng=0), tn.Dense(5, 4, rng=0, dtype=np.float64)
    assert (a.dtype, b.dtype) == (np.float32, np.float64)
    assert np.array_equal(a.params["weight"], b.params["weight"].astype(np.float32))


def test_without_bias():
    layer = tn.Dense(2, 3, bias=False, rng=0)
    assert list(layer.params) == ["weight"]
    assert not layer(np.zeros((1, 2))).any()


def test_a_custom_initializer_gets_shape_rng_and_dtype():
    layer = tn.Dense(2, 3, initializer=tn.initializers.glorot_uniform, rng=0, dtype=np.float64)
    expected = tn.initializers.glorot_uniform((3, 2), rng=0, dtype=np.float64)
    assert np.array_equal(layer.params["weight"], expected)


def test_a_wrong_rng_is_refused_in_the_name_of_the_layer():
    with pytest.raises(TypeError, match=r"^Dense: rng must be"):
        tn.Dense(2, 3, rng="a")


@pytest.mark.parametrize("initializer", [lambda shape, **_: np.zeros(shape[::-1]), lambda shape, **_: None])
def test_an_initializer_that_gives_something_else_is_refused(initializer):
    with pytest.raises((tn.ShapeError, TypeError), match="initializer"):
        tn.Dense(2, 3, initializer=initializer)


@pytest.mark.parametrize("shape", [(5,), (4,), (5, 3), (5, 1), (70, 3), (1, 2, 4)])
def test_a_wrong_shape_is_named(shape):
    layer = tn.Dense(4, 2, rng=0, name="fc1")
    for call in (layer, lambda x: layer.forward(x, training=True)):
        with pytest.raises(tn.ShapeError, match=r"Dense 'fc1' expects an input of shape \(N, 4\), got"):
            call(np.zeros(shape))


def test_first_weights_are_cast():
    assert tn.Dense(2, 3, initializer=lambda shape, **_: np.ones(shape)).params["weight"].dtype == np.float32


def test_an_initializer_may_hand_out_one_array_twice():
    shared = np.ones((3, 3), np.float32)
    a, b = (tn.Dense(3, 3, initializer=lambda *_, **__: shared) for _ in range(2))
    assert not np.shares_memory(a.params["weight"], b.params["weight"])


def test_activations_reuse_the_array_that_a_dense_layer_made():
    y, fresh = tn.Dense(3, 2, rng=0)._infer(np.ones((2, 3), np.float32), False)
    assert fresh
    assert tn.ReLU()._infer(y, fresh)[0] is y
    assert tn.Softmax()._infer(y, fresh)[0] is y


@pytest.mark.parametrize(("inputs", "outputs"), [(3600, 128), (3601, 128), (9217, 128), (14401, 128), (200_003, 3)])
def test_one_row_of_a_large_layer_is_computed_in_pieces(inputs, outputs):
    rng = np.random.default_rng(0)
    layer = tn.Dense(inputs, outputs)
    layer.params["weight"], layer.params["bias"] = rng.integers(-9, 10, (outputs, inputs)), np.arange(outputs)
    x = rng.integers(-9, 10, (2, inputs))  # whole numbers, whose sums are exact in any order
    assert np.array_equal(layer(x[:1]), layer(x)[:1])
    assert np.array_equal(layer(x[:1])[0], layer.params["weight"] @ x[0] + np.arange(outputs))


@pytest.mark.parametrize(("inputs", "pieces"), [(3599, 1), (3600, 2), (7199, 2), (7200, 3), (14399, 4), (14400, 1)])
def test_no_piece_is_so_large_that_it_takes_two_threads(inputs, pieces, monkeypatch):
    weight, sizes, dot = np.zeros((128, inputs), np.float32), [], np.dot
    monkeypatch.setattr(np, "dot", lambda matrix, vector: sizes.append(matrix.size) or dot(matrix, vector))
    matrix_vector(weight, np.zeros(inputs, np.float32))
    assert len(sizes) == pieces
    assert sum(sizes) == weight.size
    assert pieces == 1 or max(sizes) < 460_800


@pytest.mark.parametrize(
    ("shape", "end"),
    [
        ((4,), r"\(4,\); a single sample needs a batch axis, as x\[None\]"),
        ((1, 28, 28), r"\(1, 28, 28\); put Flatten\(\) before it, .*datasets\.normalize"),
        ((28, 28), r"\(28, 28\); put Flatten\(\) before it, .*datasets\.normalize"),
        ((3, 4), r"\(3, 4\)"),
    ],
)
def test_samples_and_images_get_a_hint(shape, end):
    with pytest.raises(tn.ShapeError, match=rf"^Dense expects an input of shape \(N, 784\), got {end}$"):
        tn.Dense(784, 2)(np.zeros(shape))


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        ((0, 2), ValueError),
        ((2, -1), ValueError),
        ((2.0, 2), TypeError),
        ((True, 2), TypeError),
        ((2, 2, "yes"), TypeError),
        ((2, "2"), TypeError),
    ],
)
def test_bad_sizes_are_refused(arguments, error):
    with pytest.raises(error, match=r"^Dense: (in_features|out_features|bias) must be"):
        tn.Dense(*arguments)


@pytest.mark.parametrize("dtype", [np.int64, np.float16, np.complex64, ">f4", "text", None])
def test_bad_dtypes_are_refused(dtype):
    with pytest.raises(TypeError, match="Dense: dtype must be float32 or float64"):
        tn.Dense(2, 2, dtype=dtype)


@pytest.mark.parametrize("name", ["", 3])
def test_bad_names_are_refused(name):
    with pytest.raises(TypeError, match="name"):
        tn.Dense(2, 2, name=name)


def test_repr_rebuilds_the_layer():
    for text in ("Dense(3, 2)", "Dense(3, 2, bias=False, name='fc1')"):
        assert repr(eval(text, {"Dense": tn.Dense})) == text


@pytest.mark.parametrize("rows", [1, 2, 7])
@pytest.mark.parametrize("out_features", [4, 40])
def test_how_weights_lie_in_memory_changes_no_result(rows, out_features):
    """Wide layers keep theirs column after column; a layer that was built around an array, as that is."""
    rng = np.random.default_rng(0)
    layer = tn.Dense(3, out_features, rng=0, dtype=np.float64)
    assert layer.params["weight"].flags.c_contiguous == (out_features == 4)
    x, grad = rng.normal(size=(rows, 3)), rng.normal(size=(rows, out_features))
    weight, bias = layer.params["weight"].copy(), layer.params["bias"]
    np.testing.assert_allclose(layer(x), x @ weight.T + bias, rtol=1e-12)
    np.testing.assert_allclose(layer.forward(x, training=True), x @ weight.T + bias, rtol=1e-12)
    np.testing.assert_allclose(layer.backward(grad), grad @ weight, rtol=1e-12)
    np.testing.assert_allclose(layer.grads["weight"], grad.T @ x, rtol=1e-12)
    np.testing.assert_allclose(layer.grads["bias"], grad.sum(axis=0), rtol=1e-12)
    assert layer.grads["weight"].strides == layer.params["weight"].strides
    tn.check_gradients(layer, x)
