"""Dropout: its rate, its mean, its stream of random numbers, special values and errors."""

from __future__ import annotations

import copy
import pickle

import numpy as np
import pytest

import tinynet as tn

ONES = np.ones((200, 500), np.float32)


def masks(layer, count, x=ONES[:4, :16]):
    return [layer.forward(x, training=True).tobytes() for _ in range(count)]


@pytest.mark.parametrize("p", [0.05, 0.25, 0.5, 0.9])
def test_the_rate_and_the_mean(p):
    y = tn.Dropout(p, rng=0).forward(ONES, training=True)
    dropped = (y == 0).mean()
    assert abs(dropped - p) < 5 * np.sqrt(p * (1 - p) / ONES.size)
    assert set(np.unique(y)) == {0, np.float32(1 / (1 - p))}
    assert abs(y.mean() - 1) < 5 * np.sqrt(p / (1 - p) / ONES.size)


def test_rows_columns_and_masks_are_independent():
    layer = tn.Dropout(0.5, rng=0)
    first, second = (layer.forward(ONES, training=True) > 0 for _ in range(2))
    for a, b in [(first, second), (first[1:], first[:-1]), (first[:, 1:], first[:, :-1])]:
        assert abs((a == b).mean() - 0.5) < 5 * 0.5 / np.sqrt(a.size)


def test_the_mean_over_many_masks_is_the_input():
    layer, x = tn.Dropout(0.4, rng=0, name="drop"), np.array([[1.0, -2.0, 0.5]])
    mean = np.mean([layer.forward(x, training=True) for _ in range(4000)], axis=0)
    np.testing.assert_allclose(mean, x, rtol=5 * np.sqrt(0.4 / 0.6 / 4000))


@pytest.mark.parametrize("p", [0, 0.5, 1])
def test_inference_is_the_identity(p):
    layer, x = tn.Dropout(p), np.array([[1.0, -np.inf, np.nan]])
    assert np.array_equal(layer(x), x, equal_nan=True)
    y, fresh = layer._infer(x, True)
    assert y is x
    assert fresh
    assert layer._infer(x, False)[1] is False


def test_nothing_and_everything():
    x = np.array([[1.0, -np.inf, np.nan]])
    assert np.array_equal(tn.Dropout(0).forward(x, training=True), x, equal_nan=True)
    everything = tn.Dropout(1)
    assert everything.forward(x, training=True).tolist() == [[0, 0, 0]]
    assert everything.backward([[np.inf, np.nan, 1]]).tolist() == [[0, 0, 0]]


def test_what_is_dropped_leaves_no_nan():
    layer = tn.Dropout(0.5, rng=0)
    y = layer.forward(np.full((1, 1000), -np.inf), training=True)
    assert set(np.unique(y)) == {-np.inf, 0}
    grad = layer.backward(np.full((1, 1000), np.inf))
    assert np.array_equal(np.isinf(grad), np.isinf(y))
    assert not np.isnan(grad).any()


def test_an_overflow_gives_no_warning():
    y = tn.Dropout(0.5, rng=0).forward(np.full((1, 100), 3e38, np.float32), training=True)
    assert set(np.unique(y)) == {0, np.inf}


def test_the_gradient_passes_where_the_output_did():
    layer = tn.Dropout(0.25, rng=0)
    y = layer.forward(ONES, training=True)
    assert np.array_equal(layer.backward(ONES), y)


def test_the_masks_of_a_seed_are_those_of_the_documentation():
    layer, x = tn.Dropout(0.5, rng=4), [[1.0, 2.0, 3.0, 4.0]]
    assert layer.forward(x, training=True).tolist() == [[0, 4, 0, 8]]
    assert layer.forward(x, training=True).tolist() == [[2, 0, 6, 8]]


def test_masks_of_many_seeds_differ():
    assert len({masks(tn.Dropout(0.5, rng=seed), 1)[0] for seed in range(200)}) == 200


def test_same_seed_same_bits_and_another_mask_each_time():
    a, b, c = (masks(tn.Dropout(rng=seed), 3) for seed in (3, 3, 4))
    assert a == b
    assert len({*a, *c}) == 6
    assert len({*masks(tn.Dropout(), 2), *masks(tn.Dropout(), 2)}) == 4


def test_layers_that_share_a_generator_draw_apart():
    rng = np.random.default_rng(0)
    assert masks(tn.Dropout(rng=rng), 1) != masks(tn.Dropout(rng=rng), 1)


def test_the_global_state_is_untouched():
    np.random.seed(1)  # noqa: NPY002 - the global state is what this test watches
    state = np.random.get_state()[1].copy()  # noqa: NPY002
    masks(tn.Dropout(), 2)
    assert np.array_equal(np.random.get_state()[1], state)  # noqa: NPY002


@pytest.mark.parametrize("copied", [copy.copy, copy.deepcopy, lambda layer: pickle.loads(pickle.dumps(layer))])
def test_copies_go_on_where_the_original_stood(copied):
    layer = tn.Dropout(rng=0)
    masks(layer, 2)
    assert masks(copied(layer), 2) == masks(layer, 2)


def test_inference_and_evaluation_draw_nothing():
    a, b = tn.Dropout(rng=0), tn.Dropout(rng=0)
    a(ONES), a.forward(ONES), a._evaluate(ONES, True)
    assert masks(a, 1) == masks(b, 1)


def test_in_a_network_the_next_mask_comes_with_each_training_forward():
    net = tn.Sequential(tn.Dropout(rng=0), tn.Sequential(tn.Dropout(rng=1)))
    single = tn.Dropout(rng=1).forward(tn.Dropout(rng=0).forward(ONES, training=True), training=True)
    outputs = [net.forward(ONES, training=True) for _ in range(2)]
    assert np.array_equal(outputs[0], single)
    assert not np.array_equal(outputs[0], outputs[1])
    assert np.array_equal(net(ONES), ONES)
    tn.check_gradients(net, np.random.default_rng(0).standard_normal((3, 4)))


def test_the_mask_does_not_depend_on_the_dtype():
    single, double = (tn.Dropout(rng=0).forward(ONES.astype(dtype), training=True) for dtype in ("f4", "f8"))
    assert (single.dtype, double.dtype) == (np.float32, np.float64)
    assert np.array_equal(single, double)


@pytest.mark.parametrize("p", [-0.1, 1.1, np.nan, np.inf])
def test_a_rate_out_of_range_is_refused(p):
    with pytest.raises(ValueError, match="Dropout: p must be "):
        tn.Dropout(p)


@pytest.mark.parametrize("p", ["0.5", None, True, [0.5]])
def test_a_rate_that_is_no_number_is_refused(p):
    with pytest.raises(TypeError, match="Dropout: p must be a number"):
        tn.Dropout(p)


@pytest.mark.parametrize("text", ["Dropout(0.5)", "Dropout(0.123456789, name='drop')"])
def test_repr_rebuilds_the_layer(text):
    assert repr(eval(text, vars(tn))) == text


def test_a_source_of_chance_that_is_none_is_named():
    with pytest.raises(TypeError, match=r"^Dropout: rng must be a numpy\.random\.Generator"):
        tn.Dropout(0.5, rng="seed")
