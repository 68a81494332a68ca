"""CrossEntropy: values, gradients, both forms, and what it refuses."""

from __future__ import annotations

import pickle

import hypothesis.extra.numpy as hnp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import tinynet as tn


@st.composite
def logits_and_targets(draw):
    n, c = draw(st.integers(1, 5)), draw(st.integers(2, 6))
    # Probabilities stay above 1/60: log(p) bends too much below for a difference quotient of step 6e-6.
    logits = draw(hnp.arrays(np.float64, (n, c), elements=st.floats(-1, 1, width=32)))
    if draw(st.booleans()):
        return logits, draw(hnp.arrays(np.int64, n, elements=st.integers(0, c - 1)))
    soft = draw(hnp.arrays(np.float64, (n, c), elements=st.floats(-3, 3, width=32)))
    return logits, tn.functional.softmax(soft)


@given(logits_and_targets())
def test_gradients_match_central_differences_in_both_forms(case):
    logits, targets = case
    tn.check_gradients(tn.CrossEntropy(from_logits=True), logits, targets)
    tn.check_gradients(tn.CrossEntropy(), tn.functional.softmax(logits), targets)


@given(logits_and_targets())
def test_gradients_of_a_network_behind_the_loss(case):
    logits, targets = case
    net = tn.Sequential(tn.Dense(logits.shape[1], logits.shape[1], rng=0, dtype=np.float64), tn.Softmax())
    tn.check_gradients(net, logits, targets, loss=tn.CrossEntropy())
    tn.check_gradients(net[:-1], logits, targets, loss=tn.CrossEntropy(from_logits=True))


@given(logits_and_targets())
def test_fused_and_unfused_agree(case):
    logits, targets = case
    softmax, plain, fused = tn.Softmax(), tn.CrossEntropy(), tn.CrossEntropy(from_logits=True)
    loss = plain.forward(softmax.forward(logits, training=True), targets)
    assert loss == pytest.approx(fused.forward(logits, targets), rel=1e-10, abs=1e-12)
    np.testing.assert_allclose(softmax.backward(plain.backward()), fused.backward(), atol=1e-12)


@given(logits_and_targets())
def test_class_indices_are_one_hot_soft_labels(case):
    logits, targets = case
    if targets.ndim == 1:
        loss = tn.CrossEntropy(from_logits=True)
        rows = tn.functional.one_hot(targets, logits.shape[1])
        assert loss(logits, targets) == pytest.approx(loss(logits, rows), rel=1e-12)


@given(logits_and_targets())
def test_forward_without_training_is_the_call(case):
    logits, targets = case
    for loss, predictions in (
        (tn.CrossEntropy(from_logits=True), logits),
        (tn.CrossEntropy(), tn.functional.softmax(logits)),
    ):
        assert loss.forward(predictions, targets, training=False) == loss(predictions, targets)


def test_the_mean_divides_loss_and_gradient():
    loss = tn.CrossEntropy()
    one, four = [[0.25, 0.75]], [[0.25, 0.75]] * 4
    assert loss(four, [0] * 4) == pytest.approx(loss(one, [0]))
    loss.forward(one, [0])
    single = loss.backward()
    loss.forward(four, [0] * 4)
    np.testing.assert_allclose(loss.backward(), np.repeat(single, 4, axis=0) / 4)


def test_no_epsilon_hides_a_large_loss():
    assert tn.CrossEntropy(from_logits=True)([[0.0, 800.0]], [0]) == 800
    assert tn.CrossEntropy()([[1.0, 0.0]], [1]) == np.inf
    assert tn.CrossEntropy(from_logits=True)(np.array([[0, 1e38]], np.float32), [0]) == pytest.approx(1e38)


def test_a_soft_label_of_zero_costs_nothing_at_probability_zero():
    loss = tn.CrossEntropy()
    assert loss.forward([[1.0, 0.0]], [[1.0, 0.0]]) == 0
    assert loss.backward().tolist() == [[-1.0, 0.0]]


def test_logits_are_refused_where_probabilities_belong():
    with pytest.raises(ValueError, match=r"row 1 .*from_logits=True"):
        tn.CrossEntropy()([[0.5, 0.5], [2.0, -1.0]], [0, 1])
    with pytest.raises(ValueError, match="from_logits=True"):
        tn.CrossEntropy()([[np.nan, 1.0]], [0])


def test_log_probabilities_are_refused_and_are_logits_of_the_same_loss():
    logits, labels = np.array([[0.0, 1.0, 3.0], [2.0, -np.inf, 0.0]]), [1, 2]
    net = tn.Sequential(tn.LogSoftmax())
    log_p = net.forward(logits, training=True)
    with pytest.raises(ValueError, match=r"from_logits=True if .* log-probabilities as after LogSoftmax"):
        tn.CrossEntropy()(log_p, labels)
    loss = tn.CrossEntropy(from_logits=True)
    assert loss(log_p, labels) == pytest.approx(loss(logits, labels), rel=1e-12)
    loss.forward(logits, labels)
    expected = loss.backward()
    loss.forward(log_p, labels)
    np.testing.assert_allclose(net.backward(loss.backward()), expected, atol=1e-15)
    assert loss([[0.0]], [0]) == 0
    with pytest.raises(ValueError, match="from_logits=True"):
        tn.CrossEntropy()([[0.0]], [0])  # the logarithm of certainty


def test_rows_must_sum_to_one_within_a_thousandth():
    for total in (1.002, 0.998):
        with pytest.raises(ValueError, match="rows of probabilities"):
            tn.CrossEntropy()([[0.5, total - 0.5]], [0])
    assert tn.CrossEntropy()(np.array([[0.5, 0.4995]], np.float16), [0]) > 0


def test_a_perfect_prediction_costs_zero_not_minus_zero():
    for targets in ([0], [[1.0, 0.0]]):
        assert str(tn.CrossEntropy()([[1.0, 0.0]], targets)) == "0.0"


def test_the_kind_of_loss_is_a_truth_value():
    with pytest.raises(TypeError, match="from_logits must be True or False"):
        tn.CrossEntropy(from_logits="False")


def test_masked_targets_are_refused():
    with pytest.raises(TypeError, match="targets does not know masks"):
        tn.CrossEntropy()([[0.5, 0.5]], np.ma.array([1], mask=[True]))


def test_a_pickle_forgets_what_forward_remembered():
    loss = tn.CrossEntropy(from_logits=True)
    loss.forward([[0.0, 1.0]], [0])
    other = pickle.loads(pickle.dumps(loss))
    assert other.from_logits
    with pytest.raises(tn.BackwardError):
        other.backward()


def test_float32_probabilities_of_many_classes_pass():
    p = tn.functional.softmax(np.random.default_rng(0).standard_normal((20, 10_000)).astype(np.float32))
    assert np.isfinite(tn.CrossEntropy()(p, np.arange(20)))


@pytest.mark.parametrize(
    ("predictions", "targets", "error", "message"),
    [
        ([0.5, 0.5], [0], tn.ShapeError, r"^CrossEntropy .*predictions of shape \(N, C\)"),
        (np.zeros((0, 2)), np.zeros(0, int), tn.ShapeError, "at least one row"),
        ([[0.5, 0.5]], [0, 1], tn.ShapeError, r"1 class indices, shape \(1,\)"),
        ([[0.5, 0.5]], [[0]], tn.ShapeError, "got targets of shape"),
        ([[0.5, 0.5]], [2], ValueError, r"0\.\.1, got values in 2\.\.2"),
        ([[0.5, 0.5]], [-1], ValueError, r"0\.\.1"),
        ([[0.5, 0.5]], [0.0], TypeError, r"astype\(int\)"),
        ([[0.5, 0.5]], [True], TypeError, "integer class indices"),
        ([[0.5, 0.5]], ["0"], TypeError, "integer class indices"),
        ([[0.5, 0.5]], [[0.5, 0.6]], ValueError, "soft labels must be rows of probabilities"),
        ([["a", "b"]], [0], TypeError, "real numbers"),
    ],
)
def test_bad_arguments_are_refused(predictions, targets, error, message):
    with pytest.raises(error, match=message):
        tn.CrossEntropy()(predictions, targets)


def test_backward_needs_and_consumes_a_forward():
    loss = tn.CrossEntropy()
    loss([[0.5, 0.5]], [0])
    with pytest.raises(tn.BackwardError):
        loss.backward()
    loss.forward([[0.5, 0.5]], [0], training=False)
    with pytest.raises(tn.BackwardError):
        loss.backward()
    loss.forward([[0.5, 0.5]], [0])
    loss.backward()
    with pytest.raises(tn.BackwardError):
        loss.backward()


def test_nothing_given_is_written_to_and_nothing_returned_is_shared():
    for from_logits in (False, True):
        for targets in (np.array([0, 1]), np.array([[0.5, 0.5], [1.0, 0.0]])):
            p = np.full((2, 2), 0.5)
            p.flags.writeable = targets.flags.writeable = False
            loss = tn.CrossEntropy(from_logits=from_logits)
            loss.forward(p, targets)
            grad = loss.backward()
            assert not np.shares_memory(grad, p)
            assert not np.shares_memory(grad, targets)
            again = p.copy()
            loss.forward(again, targets)
            again[...] = 7
            targets.flags.writeable = True
            targets[...] = targets[::-1].copy()
            assert np.array_equal(loss.backward(), grad)


def test_dtype_of_the_gradient_is_that_of_the_predictions():
    for dtype in (np.float32, np.float64):
        loss = tn.CrossEntropy(from_logits=True)
        for targets in ([0], [[0.5, 0.5]]):
            assert isinstance(loss.forward(np.zeros((1, 2), dtype), targets), float)
            assert loss.backward().dtype == dtype


def test_repr():
    assert repr(tn.CrossEntropy()) == "CrossEntropy()"
    assert repr(tn.CrossEntropy(from_logits=True)) == "CrossEntropy(from_logits=True)"
