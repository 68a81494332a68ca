"""What `fit` does to a network, and what it does not do to anything else."""

from __future__ import annotations

import copy
import pickle
import tracemalloc

import numpy as np
import pytest

import tinynet as tn
from tinynet.functional import one_hot
from tinynet.training.step import Trainer


def assert_same_bits(net, other):
    for (key, array), expected in zip(net._state().items(), other._state().values()):
        assert np.array_equal(array, expected), key


def test_it_learns(make, data):
    net = make()
    history = tn.fit(net, *data, epochs=60, batch_size=16, optimizer=tn.Adam(0.01), rng=0, progress=False)
    assert len(history) == 60
    assert history.accuracy[-1] > 0.95
    assert history.loss[-1] < history.loss[0] / 3
    assert (net.predict(data[0]) == data[1]).mean() > 0.95


def test_it_is_the_loop_that_one_would_write(make, data):
    x, labels = data
    net, other = make(dtype="float64"), make(dtype="float64")
    tn.fit(net, x, labels, epochs=3, batch_size=50, optimizer=tn.SGD(0.1, 0.9), rng=7, progress=False)
    rng, optimizer, loss = np.random.default_rng(7), tn.SGD(0.1, 0.9), tn.CrossEntropy()
    for _ in range(3):
        order = rng.permutation(len(x))
        for start in range(0, len(x), 50):
            rows = np.sort(order[start : start + 50])
            loss.forward(other.forward(x[rows], training=True), labels[rows])
            other.backward(loss.backward())
            optimizer.step(other)
    for key, p in net.params.items():
        np.testing.assert_allclose(p, other.params[key], rtol=1e-9, atol=1e-12)
        np.testing.assert_allclose(net.grads[key], other.grads[key], rtol=1e-9, atol=1e-12)


class Recorder:
    """An optimizer that changes nothing and keeps the gradients."""

    def step(self, network):
        self.grads = {key: grad.copy() for key, grad in network.grads.items()}


def endings():
    nested = tn.Sequential(tn.Dense(2, 3, rng=2, dtype="float64"), tn.Sequential(tn.Tanh(), tn.Softmax()))
    return {
        "Softmax": ([tn.Softmax()], None, False),
        "Softmax, explicit": ([tn.Softmax()], tn.CrossEntropy(), False),
        "nested": ([nested], tn.CrossEntropy(), False),
        "logits": ([tn.LeakyReLU()], None, True),
        "LogSoftmax": ([tn.LogSoftmax()], tn.CrossEntropy(from_logits=True), True),
        "LogSoftmax, default": ([tn.LogSoftmax()], None, True),
        "nothing dropped": ([tn.Softmax(), tn.Dropout(0)], None, False),
        "flattened": ([tn.Sequential(tn.Softmax(), tn.Flatten()), tn.Sequential()], None, False),
        "LogSoftmax, dropped": ([tn.LogSoftmax(), tn.Dropout(0.5, rng=6)], None, True),
    }


@pytest.mark.parametrize("soft", [False, True])
@pytest.mark.parametrize("name", endings())
def test_fused_or_not_the_gradients_are_the_same(make, data, name, soft):
    last, loss, from_logits = endings()[name]
    net, (x, labels) = make(*last, dtype="float64"), data
    twin = copy.deepcopy(net)  # its Dropout will draw the same masks
    classes = net(x[:1]).shape[1]
    y = 0.8 * one_hot(labels, classes, dtype="float64") + 0.2 / classes if soft else labels
    reference = tn.CrossEntropy(from_logits=from_logits)
    value = reference.forward(twin.forward(x, training=True), y)
    twin.backward(reference.backward())
    expected = twin.grads
    recorder = Recorder()
    history = tn.fit(net, x, y, epochs=1, batch_size=999, loss=loss, optimizer=recorder, progress=False)
    assert history.loss == [pytest.approx(value)]
    for grads in (recorder.grads, net.grads):
        assert list(grads) == list(expected)
        for key, grad in grads.items():
            np.testing.assert_allclose(grad, expected[key], rtol=1e-9, atol=1e-14)


def test_logits_far_apart_are_no_trouble(make):
    net = make()
    net[2].params["weight"] *= 1e4  # float32 rounds the smaller probability to 0
    x = np.float32([[1, 2], [-3, 1]])
    labels = 1 - net.predict(x)
    assert tn.CrossEntropy()(net(x), labels) == np.inf
    history = tn.fit(net, x, labels, epochs=1, progress=False)
    assert 1e3 < history.loss[0] < np.inf
    assert all(np.isfinite(p).all() for p in net.params.values())


def test_soft_labels_count_by_the_largest(make, data):
    x, labels = data
    hard, soft = make(), make()
    options = {"epochs": 2, "rng": 0, "progress": False}
    by_index = tn.fit(hard, x, labels, **options)
    by_row = tn.fit(soft, x, one_hot(labels, 2), **options)
    assert by_index.accuracy == by_row.accuracy
    assert by_index.loss == pytest.approx(by_row.loss)


def test_rows_that_are_no_probabilities_are_refused(make, data):
    y = one_hot(data[1], 2)
    y[150] = [0.7, 0.7]
    with pytest.raises(ValueError, match=r"soft labels must be rows of probabilities .* row 50 has the sum 1.4"):
        tn.fit(make(), data[0], y, epochs=1, batch_size=100, shuffle=False, progress=False)


def everything(make):
    net = tn.Sequential(make(dropout=0.3)[:-1], tn.BatchNorm(2), tn.Tanh(), tn.Dense(2, 2, rng=3))
    optimizer = tn.SGD(tn.schedules.warm_up(tn.schedules.cosine(0.2, 30), 5), 0.9, nesterov=True, clip_norm=0.5)
    return net, optimizer, np.random.default_rng(11)


def test_the_same_seeds_give_the_same_bits(make, data):
    nets = []
    for _ in range(2):
        net, optimizer, rng = everything(make)
        tn.fit(net, *data, epochs=3, optimizer=optimizer, rng=rng, progress=False)
        nets.append(net)
    assert_same_bits(*nets)


def test_stopped_and_resumed_gives_the_same_bits(make, data):
    net, optimizer, rng = everything(make)
    whole = tn.fit(net, *data, epochs=6, optimizer=optimizer, rng=rng, progress=False)
    state = everything(make)
    parts = []
    for _ in range(3):
        other, optimizer, rng = pickle.loads(pickle.dumps(state))  # as on another day
        parts.append(tn.fit(other, *data, epochs=2, optimizer=optimizer, rng=rng, progress=False))
        state = other, optimizer, rng
    assert_same_bits(net, other)
    assert [loss for part in parts for loss in part.loss] == whole.loss
    assert [rate for part in parts for rate in part.learning_rate] == whole.learning_rate


def test_images_go_through_convolutions():
    x, labels = tn.datasets.synthetic_digits(60, rng=0)
    x = (x / 255).reshape(-1, 1, 28, 28)
    layers = [tn.Conv2d(1, 2, 5, stride=2, rng=0), tn.BatchNorm(2), tn.ReLU(), tn.MaxPool2d(2), tn.Flatten()]
    net = tn.Sequential(*layers, tn.Dense(72, 10, rng=0), tn.Softmax())
    history = tn.fit(net, x, labels, epochs=3, batch_size=20, optimizer=tn.Adam(0.01), rng=0, progress=False)
    assert history.loss[-1] < history.loss[0]
    assert net[1].buffers["num_batches_tracked"] == 9


def test_nothing_is_changed_but_the_network(make, data):
    x, labels = (array.copy() for array in data)
    for array in (x, labels):
        array.flags.writeable = False
    net = make(dropout=0.5)
    arrays = list(net.params.values())
    tn.fit(net, x, labels, epochs=1, shuffle=False, batch_size=300, progress=False)
    assert np.array_equal(x, data[0])
    taken = [x, *arrays]
    for (key, p), array in zip(net.params.items(), arrays):
        assert p is array
        grad = net.grads[key]
        assert not any(np.shares_memory(grad, other) for other in taken)
        assert net[int(key[0])].grads[key[2:]] is grad
        taken.append(grad)
    state = np.random.get_state()[1]  # noqa: NPY002 - that it is not touched
    tn.fit(net, x, labels, epochs=1, progress=False)
    assert np.array_equal(np.random.get_state()[1], state)  # noqa: NPY002


def test_a_layer_is_trained_alone(data):
    layer = tn.Dense(2, 2, rng=0)
    before = layer.params["weight"].copy()
    tn.fit(layer, *data, epochs=1, progress=False)
    assert not np.array_equal(layer.params["weight"], before)
    layer.forward(data[0], training=True)
    assert layer.backward(np.ones((203, 2))).shape == (203, 2)


@pytest.mark.parametrize("dtype", [np.float64, np.float16, np.int8, ">f4"])
def test_other_dtypes_are_cast_batch_by_batch(make, data, dtype):
    x = np.round(data[0] * 4).astype(dtype)
    net, other = make(), make()
    tn.fit(net, x, data[1].astype(np.uint8), epochs=2, rng=0, progress=False)
    tn.fit(other, x.astype(np.float32), data[1], epochs=2, rng=0, progress=False)
    assert net.dtype == np.float32
    assert_same_bits(net, other)


@pytest.mark.parametrize("dtype", [np.float32, np.uint8])
def test_a_memory_map_is_never_read_whole(tmp_path, dtype):
    shape = 30_000, 400
    x = np.memmap(tmp_path / "x", dtype, "w+", shape=shape)
    x[::7, ::3] = 1
    labels = np.arange(len(x)) % 3
    nets = []
    for source in (x, x[:]) if dtype == np.float32 else (x,):
        net = tn.Sequential(tn.Dense(400, 3, rng=0))
        tracemalloc.start()
        tn.fit(
            net, source, labels, epochs=1, batch_size=1000, validation_data=(source, labels), rng=0, progress=False
        )
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert peak < 18e6 < x.size * 4 / 2  # a chunk of 14 MiB in validation
        nets.append(net)
    assert_same_bits(nets[0], nets[-1])


def test_of_the_input_no_gradient_is_computed(data):
    class Spy(tn.Layer):
        def _forward(self, x, training):
            return x, None

        def _backward(self, context, grad):
            raise AssertionError("nobody needs it")

    net = tn.Sequential(Spy(), tn.Sequential(tn.Sequential(Spy()), tn.Dense(2, 2, rng=0), tn.ReLU()))
    tn.fit(net, *data, epochs=1, progress=False)
    assert set(net.grads) == {"1.1.weight", "1.1.bias"}


def test_a_dense_layer_with_a_backward_of_its_own_keeps_it(data):
    class Frozen(tn.Dense):
        def _backward(self, context, grad):
            grad_x, grads = super()._backward(context, grad)
            return grad_x, {key: np.zeros_like(g) for key, g in grads.items()}

    net = tn.Sequential(Frozen(2, 4, rng=0), tn.ReLU(), tn.Dense(4, 2, rng=1))
    before = {key: p.copy() for key, p in net.params.items()}
    tn.fit(net, *data, epochs=1, progress=False)
    changed = [key for key, p in net.params.items() if not np.array_equal(p, before[key])]
    assert changed == ["2.weight", "2.bias"]


def test_gradients_under_names_in_another_order(data):
    class Scale(tn.Layer):
        def __init__(self):
            super().__init__(params={"a": np.ones(2, np.float32), "b": np.zeros(2, np.float32)})

        def _forward(self, x, training):
            return x * self.params["a"] + self.params["b"], x

        def _backward(self, context, grad):
            return grad * self.params["a"], {"b": grad.sum(axis=0), "a": (grad * context).sum(axis=0)}

    net = tn.Sequential(Scale())
    tn.fit(net, *data, epochs=1, batch_size=203, optimizer=tn.SGD(1.0), progress=False)
    for key, p in net.params.items():
        np.testing.assert_allclose(p, [1.0, 1.0] - net.grads[key] if key == "0.a" else -net.grads[key], rtol=1e-6)


def test_a_layer_that_forgets_a_gradient_is_told(data):
    class Wrong(tn.Dense):
        def _backward(self, context, grad):
            return super()._backward(context, grad)[0], {}

    with pytest.raises(ValueError, match=r"return a dict of gradients for \['weight', 'bias'\]") as error:
        tn.fit(tn.Sequential(Wrong(2, 2)), *data, epochs=1, progress=False)
    assert error.value.__context__ is None


class MeanSquare:
    """A loss of one's own."""

    def __call__(self, predictions, targets):
        return float(((predictions - targets) ** 2).mean())

    def forward(self, predictions, targets):
        self.grad = 2 * (predictions - targets) / predictions.size
        return self(predictions, targets)

    def backward(self):
        return self.grad


def test_a_loss_of_ones_own():
    x = np.linspace(-1, 1, 64, dtype=np.float32)[:, None]
    net = tn.Sequential(tn.Dense(1, 16, rng=0), tn.Tanh(), tn.Dense(16, 1, rng=1))
    options = {"loss": MeanSquare(), "optimizer": tn.Adam(0.02), "validation_data": (x, x**2), "progress": False}
    history = tn.fit(net, x, x**2, epochs=100, batch_size=16, rng=0, **options)
    assert history.loss[-1] < history.loss[0] / 20
    assert history.val_loss[-1] == pytest.approx(MeanSquare()(net(x), x**2))
    assert list(history.to_dict()) == ["loss", "val_loss", "first_learning_rate", "learning_rate", "seconds"]


def test_validation_is_inference(make, data):
    x, labels = data
    net = make(dropout=0.9)
    history = tn.fit(net, x, labels, epochs=2, validation_data=(x[:50], labels[:50]), progress=False)
    assert history.val_loss[-1] == pytest.approx(tn.CrossEntropy()(net(x[:50]), labels[:50]))
    assert history.val_accuracy[-1] == (net.predict(x[:50]) == labels[:50]).mean()


def test_without_shuffling_batches_come_in_order(data):
    seen = []

    class Seen(tn.Layer):
        def _forward(self, x, training):
            seen.append(x[:, 0].tolist())
            return x, None

    x, labels = data
    net = tn.Sequential(Seen(), tn.Dense(2, 2, rng=0))
    tn.fit(net, x, labels, epochs=2, batch_size=100, shuffle=False, progress=False)
    assert [len(batch) for batch in seen] == [1, 100, 100, 3, 100, 100, 3]  # 1: the look at the data before
    assert [*seen[1], *seen[2], *seen[3]] == [*seen[4], *seen[5], *seen[6]] == x[:, 0].tolist()
    seen.clear()
    tn.fit(net, x, labels, epochs=2, batch_size=100, rng=0, progress=False)
    assert sorted([*seen[1], *seen[2], *seen[3]]) == sorted(x[:, 0].tolist())
    assert seen[1:4] != seen[4:]
    places = {value: place for place, value in enumerate(x[:, 0].tolist())}
    for batch in seen:  # within a batch the data are read forwards, as a file is read best
        assert batch == sorted(batch, key=places.get)


def test_an_empty_network_at_the_end_hides_no_softmax(data):
    def start(*more):
        return tn.Sequential(tn.Dense(2, 4, rng=0), tn.ReLU(), tn.Dense(4, 2, rng=1), tn.Softmax(), *more)

    nets = [start(), start(tn.Sequential()), start(tn.Sequential(tn.Sequential()))]
    losses = [tn.fit(net, *data, epochs=2, rng=0, progress=False).loss for net in nets]
    assert losses[0] == losses[1] == losses[2]
    assert nets[2].predict_proba(data[0]).shape == (len(data[0]), 2)


@pytest.mark.parametrize("loss", [None, tn.CrossEntropy()])
@pytest.mark.parametrize("wrap", [lambda *layers: layers, lambda *layers: [tn.Sequential(*layers), tn.Sequential()]])
def test_probabilities_are_not_dropped(make, data, loss, wrap):
    """They would sum to 1 no more; what the loss of them were is not defined."""
    net = make(*wrap(tn.Softmax(), tn.Dropout(0.5, rng=0)))
    before = pickle.dumps(net)
    with pytest.raises(ValueError, match=r"fit: a Dropout comes after the Softmax, .* put it before"):
        tn.fit(net, *data, epochs=1, loss=loss, progress=False)
    assert pickle.dumps(net) == before
    one = one_hot(data[1], 2)
    tn.fit(net, data[0], one, epochs=1, loss=MeanSquare(), progress=False)  # a loss that asks for no probabilities


@pytest.mark.parametrize("layout", [(28, 28), (1, 28, 28)])
@pytest.mark.parametrize("first", [[tn.Dense(784, 10, rng=0)], [tn.Conv2d(1, 10, 28, rng=0), tn.Flatten()]])
def test_images_are_taken_as_predict_takes_them(layout, first):
    images, labels = tn.datasets.synthetic_digits(20, rng=0)
    shape = (784,) if isinstance(first[0], tn.Dense) else (1, 28, 28)
    x = tn.datasets.normalize(images).reshape(-1, *shape)
    options = {"epochs": 2, "batch_size": 7, "rng": 0, "progress": False, "optimizer": None}
    nets = [copy.deepcopy(tn.Sequential(*first)) for _ in range(2)]
    histories = [
        tn.fit(net, data, labels, validation_data=(data, labels), **options)
        for net, data in zip(nets, (x, images.reshape(-1, *layout)))
    ]
    for name in ("loss", "val_loss", "accuracy", "val_accuracy"):
        assert getattr(histories[0], name) == getattr(histories[1], name)
    for name, param in nets[0].params.items():
        assert np.array_equal(param, nets[1].params[name])


@pytest.mark.parametrize("scale", [lambda x: x.astype(np.float32), lambda x: x.astype(int).tolist()])
def test_pixels_are_noticed(scale):
    images, labels = tn.datasets.synthetic_digits(20, rng=0)
    net = tn.Sequential(tn.Flatten(), tn.Dense(784, 10, rng=0))
    with pytest.warns(
        UserWarning, match="looks like pixels in 0..255, and fit takes numbers as they are"
    ) as warnings:
        tn.fit(net, scale(images), labels, epochs=1, progress=False)
    assert warnings[0].filename == __file__
    tn.fit(net, images / 255, labels, epochs=1, progress=False)  # no warning, which would be an error
    with pytest.warns(UserWarning, match="the x of validation_data looks like pixels in 0..255") as warnings:
        tn.fit(net, images / 255, labels, epochs=1, validation_data=(scale(images), labels), progress=False)
    assert [warning.filename for warning in warnings] == [__file__]
    tn.fit(net, images / 255, labels, epochs=1, validation_data=(images, labels), progress=False)  # scaled by fit


def test_last_batch_of_one_sample(make):
    net = tn.Sequential(tn.Dense(2, 2, rng=0), tn.BatchNorm(2))
    x, labels = np.random.default_rng(0).normal(size=(9, 2)), np.arange(9) % 2
    with pytest.raises(tn.ShapeError, match=r"1 sample is left for the last batch: choose another batch_size"):
        tn.fit(net, x, labels, epochs=1, batch_size=4, progress=False)
    tn.fit(net, x, labels, epochs=1, batch_size=3, progress=False)


def test_where_all_batches_have_one_sample_the_last_one_is_not_blamed():
    calls = []

    class Capricious(tn.Layer):
        def _forward(self, x, training):
            calls.append(x)
            if len(calls) == 2:
                raise tn.ShapeError("not this one")
            return x, None

        def _backward(self, context, grad):
            return grad, {}

    net = tn.Sequential(Capricious(), tn.Dense(2, 2, rng=0))
    with pytest.raises(tn.ShapeError, match=r"not this one$"):
        tn.fit(net, X, Y, epochs=1, batch_size=1, progress=False)


def test_a_first_batch_that_cannot_be_laid_out_is_told_as_it_is(make, data, monkeypatch):
    def refuse(self, rows, dtype):
        raise tn.ShapeError("not these")

    monkeypatch.setattr("tinynet.training.data.Data.batch", refuse)
    with pytest.raises(tn.ShapeError, match=r"^not these$"):
        tn.fit(make(), *data, epochs=1, progress=False)


X, Y = np.zeros((5, 2)), np.array([0, 1, 0, 1, 0])


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        ({"x": X[:4]}, tn.ShapeError, r"as many targets as samples, at least one, got x \(4, 2\) and y \(5,\)"),
        ({"x": X[:0], "y": Y[:0]}, tn.ShapeError, "at least one"),
        ({"x": 3.0}, tn.ShapeError, "at least one"),
        (
            {"network": tn.Sequential(tn.Dense(2, 1), tn.Sigmoid())},
            tn.ShapeError,
            "an output for each class, .* Dense",
        ),
        ({"x": np.zeros((5, 3))}, tn.ShapeError, r"fit takes rows of shape \(N, 2\), .*; got \(5, 3\)"),
        ({"x": np.full((5, 2), "a")}, TypeError, "real numbers"),
        ({"y": Y + 1}, ValueError, r"fit: y expects class indices in 0..1, got values in 1..2"),
        ({"y": Y.astype(float)}, TypeError, "fit: y expects integer class indices"),
        ({"y": Y[:, None]}, tn.ShapeError, r"needs y of shape \(N,\), class indices, or \(N, 2\)"),
        ({"validation_data": (X, Y[:3])}, tn.ShapeError, "fit: validation_data needs as many targets"),
        ({"loss": tn.CrossEntropy(from_logits=True)}, ValueError, "would take the softmax of them once more"),
        ({"network": tn.Dense(2, 2), "loss": tn.CrossEntropy()}, ValueError, "pass from_logits=True"),
        (
            {"network": tn.Sequential(tn.Dense(2, 2), tn.LogSoftmax()), "loss": tn.CrossEntropy()},
            ValueError,
            "ends in LogSoftmax",
        ),
        ({"network": tn.ReLU()}, ValueError, "no parameters to train"),
        ({"network": "net"}, TypeError, "must be a Layer"),
        ({"optimizer": tn.Adam}, TypeError, r"write Adam\(\) with parentheses"),
        ({"optimizer": 0.1}, TypeError, r"optimizer must have a step\(network\), as Adam\(\) has"),
        ({"loss": tn.CrossEntropy}, TypeError, "loss must have forward and backward"),
        ({"epochs": 0}, ValueError, "fit: epochs must be at least 1"),
        ({"batch_size": 1.5}, TypeError, "fit: batch_size must be an integer"),
        ({"rng": "a"}, TypeError, "fit: rng must be a numpy.random.Generator, .*, got 'a'"),
        ({"rng": -1}, ValueError, "fit: rng must be .* a seed of at least 0 or None, got -1"),
    ],
)
def test_what_does_not_fit_is_told_before_anything_is_trained(make, change, error, message):
    net = make()
    before = pickle.dumps(net)
    with pytest.raises(error, match=message):
        tn.fit(**{"network": net, "x": X, "y": Y, "epochs": 1, "progress": False, **change})
    assert pickle.dumps(net) == before


def test_the_trainer_needs_no_copy_of_the_batch(make, data):
    """Of a batch that has the dtype of the network: fit owns it, or it is the user's and only read."""
    seen = []

    class Seen(tn.Layer):
        def _forward(self, x, training):
            seen.append(x)
            return x, None

    trainer = Trainer(tn.Sequential(Seen(), *make().layers), tn.CrossEntropy(), tn.SGD(0.1))
    trainer.step(*data)
    assert np.shares_memory(seen[0], data[0])
    assert not seen[0].flags.writeable


@pytest.mark.parametrize("wrong", [np.ones((3, 2)), (np.ones((2, 2)),), (1, 2, 3), 5])
def test_validation_data_are_a_pair(make, data, wrong):
    with pytest.raises(TypeError, match=r"validation_data must be a pair \(x, y\)"):
        tn.fit(make(), *data, epochs=1, validation_data=wrong, progress=False)


def test_a_loss_without_parentheses_gets_a_hint(make, data):
    with pytest.raises(TypeError, match="with parentheses"):
        tn.fit(make(), *data, epochs=1, loss=tn.CrossEntropy, progress=False)
