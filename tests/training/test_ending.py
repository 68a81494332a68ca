"""How training ends before its last epoch: by a callback, from the keyboard, by numbers that are not finite."""

from __future__ import annotations

import numpy as np
import pytest

import tinynet as tn


class Log(tn.Callback):
    def __init__(self, stop=False):
        self.events, self.stop = [], stop

    def start(self, network, history):
        self.events.append(("start", len(history)))

    def __call__(self, network, history):
        self.events.append(("epoch", len(history)))
        return self.stop

    def end(self, network, history):
        self.events.append(("end", len(history), history.stopped))


class Interrupt(tn.Layer):
    """As if somebody pressed Ctrl-C in a certain batch."""

    def __init__(self, at):
        super().__init__()
        self.left = at

    def _forward(self, x, training):
        return x, None

    def _update(self, context):
        self.left -= 1
        if self.left == 0:
            raise KeyboardInterrupt


def test_callbacks_are_called_in_order(make, data):
    log, seen = Log(), []
    callbacks = [log, lambda network, history: seen.append((network, history))]
    net = make()
    history = tn.fit(net, *data, epochs=2, callbacks=callbacks, progress=False)
    assert log.events == [("start", 0), ("epoch", 1), ("epoch", 2), ("end", 2, "")]
    assert len(seen) == 2
    assert all(pair[0] is net and pair[1] is history for pair in seen)
    assert history.stopped == ""


def test_only_true_ends_the_training(make, data):
    log = Log()
    history = tn.fit(make(), *data, epochs=3, callbacks=[lambda *_: 1, log], progress=False)
    assert len(history) == 3
    history = tn.fit(make(), *data, epochs=3, callbacks=[Log(stop=True), log], progress=False)
    assert len(history) == 1
    assert history.stopped.startswith("after epoch 1 by <")
    assert log.events[-2:] == [("epoch", 1), ("end", 1, history.stopped)]  # told as well, after the other one


@pytest.mark.parametrize(("batch", "epochs"), [(1, 0), (4, 0), (5, 1), (11, 2)])
def test_an_interrupt_ends_cleanly(make, data, batch, epochs, capsys):
    log = Log()
    net = tn.Sequential(Interrupt(batch), *make().layers)
    history = tn.fit(net, *data, epochs=10, callbacks=[log])  # 4 batches an epoch
    assert len(history) == len(history.accuracy) == len(history.seconds) == epochs
    assert history.stopped == f"interrupted in epoch {epochs + 1}"
    assert log.events[-1] == ("end", epochs, history.stopped)
    assert len(capsys.readouterr().out.splitlines()) == epochs
    assert all(np.isfinite(p).all() for p in net.params.values())


def test_an_interrupt_in_a_callback_keeps_the_epoch(make, data):
    def interrupt(network, history):
        raise KeyboardInterrupt

    history = tn.fit(make(), *data, epochs=10, callbacks=[interrupt], progress=False)
    assert len(history) == 1


def fake(network_values):
    """Return a callback-driven validation loss: epoch after epoch the next of these numbers."""
    values = iter(network_values)

    class Fake:
        def __call__(self, predictions, targets):
            return next(values)

        def forward(self, predictions, targets):
            self.shape = predictions.shape
            return 1.0

        def backward(self):
            return np.full(self.shape, 0.1, np.float32)

    return Fake()


@pytest.mark.parametrize(
    ("values", "options", "epochs", "best_epoch"),
    [
        ([5, 4, 3, 3, 3, 9], {"patience": 2}, 5, 3),
        ([5, 4, 6, 3, 4, 5], {"patience": 2}, 6, 4),
        ([5, 4.9, 4.8, 4.7], {"patience": 2, "min_delta": 0.5}, 3, 1),
        ([5, 4.7, 4.4, 4.3, 4.2], {"patience": 2, "min_delta": 0.5}, 5, 3),
        ([np.nan, np.nan, 1], {"patience": 2}, 2, None),
    ],
)
def test_early_stopping(make, data, values, options, epochs, best_epoch):
    x, y = data
    callback = tn.EarlyStopping(**options)
    for _ in range(2):  # a second training starts from nothing
        loss = fake([0, 0, *values])  # the two looks at the data before
        history = tn.fit(
            make(), x, y, epochs=len(values), loss=loss, validation_data=data, callbacks=[callback], progress=False
        )
        assert len(history) == epochs
        assert callback.best_epoch == best_epoch
        assert ("EarlyStopping" in history.stopped) == (epochs < len(values))


@pytest.mark.parametrize(
    "written",
    ["EarlyStopping(patience=5)", "EarlyStopping('loss', patience=2)", "EarlyStopping(patience=5, min_delta=0.001)"],
)
def test_early_stopping_is_shown_as_it_is_written(written):
    assert repr(eval(f"tn.{written}")) == written


def test_a_second_training_is_judged_by_itself(make, data):
    callbacks = [tn.EarlyStopping(patience=3), tn.BestWeights()]
    for values, best in (([2, 1], 1), ([4, 3], 3)):
        loss = fake([0, 0, *values])
        options = {"epochs": 2, "loss": loss, "validation_data": data, "callbacks": callbacks, "progress": False}
        tn.fit(make(), *data, **options)
        assert [callback.best for callback in callbacks] == [best, best]


def test_best_weights_come_back_with_the_buffers(data):
    net = tn.Sequential(tn.Dense(2, 4, rng=0), tn.BatchNorm(4), tn.Dense(4, 2, rng=1))
    states = []
    history = tn.fit(
        net,
        *data,
        epochs=4,
        loss=fake([0, 0, 3, 1, 2, 1]),
        validation_data=data,
        callbacks=[best := tn.BestWeights(), lambda n, h: states.append(tn.to_torch_state_dict(n))],
        progress=False,
    )
    assert (best.best, best.best_epoch, len(history)) == (1, 2, 4)
    assert history.kept == 2
    assert repr(history).endswith("\nkept: the weights of epoch 2")
    for key, array in tn.to_torch_state_dict(net).items():
        assert np.array_equal(array, states[1][key])
    for key in ("1.running_mean", "1.num_batches_tracked", "2.bias"):
        assert not np.array_equal(states[1][key], states[3][key])


def test_accuracy_is_best_when_it_is_highest(make, data):
    best = tn.BestWeights("accuracy")
    history = tn.fit(make(), *data, epochs=5, callbacks=[best], progress=False)
    assert best.best == max(history.accuracy)
    assert repr(best) == "BestWeights('accuracy')"


def test_what_is_not_measured_cannot_be_monitored(make, data):
    with pytest.raises(ValueError, match=r"^fit: EarlyStopping.* needs val_accuracy: give fit validation_data"):
        tn.fit(make(), *data, epochs=1, callbacks=[tn.EarlyStopping("val_accuracy")], progress=False)
    with pytest.raises(ValueError, match=r"monitor must be one of loss, accuracy, val_loss, .*, got 'seconds'"):
        tn.BestWeights("seconds")


def test_a_diverging_training_names_step_and_layer(make, data):
    net = make()
    with pytest.raises(
        tn.TrainingError, match=r"in epoch \d at step \d, the loss is nan: layer \d \(Dense\) is the first"
    ) as error:
        tn.fit(net, *data, epochs=9, optimizer=tn.SGD(1e30), rng=0, progress=False)
    assert "clip_norm" in str(error.value)
    assert isinstance(error.value, FloatingPointError)


def test_what_only_the_last_step_destroyed_is_told(make, data):
    with pytest.raises(
        tn.TrainingError,
        match=r"in epoch 1 at step 1, the step left: .*: its 'weight' holds .*",
    ):
        tn.fit(make(), *data, epochs=1, batch_size=203, optimizer=tn.SGD(1e300), progress=False)


def test_the_first_layer_that_is_not_finite_is_found(data):
    net = tn.Sequential(
        tn.Dense(2, 2, rng=0), tn.Sequential(tn.ReLU(), tn.Dense(2, 2, rng=1, name="second")), tn.ReLU()
    )
    net[1][1].params["weight"] = [[np.nan, 0], [0, 0]]
    message = r"in epoch 1 at step 1, .*: layer 1.1 \(Dense 'second'\) is the first .* its 'weight' holds nan"
    with pytest.raises(tn.TrainingError, match=message):
        tn.fit(net, *data, epochs=1, progress=False)
    net[1][1].params["weight"] = np.full((2, 2), 3e38)
    with pytest.raises(tn.TrainingError, match=r"layer 1.1 .* its output holds -?(inf|nan), from inputs of up to"):
        tn.fit(net, np.abs(data[0]) + 9, data[1], epochs=1, progress=False)


@pytest.mark.parametrize("inner", [[], [tn.Sequential()]])
def test_an_empty_network_inside_the_network_hides_no_divergence(data, inner):
    net = tn.Sequential(tn.Sequential(*inner), tn.Dense(2, 2, rng=0), tn.Softmax())
    net[1].params["weight"] = [[np.nan, 0], [0, 0]]
    with pytest.raises(tn.TrainingError, match=r"layer 1 \(Dense\) is the first .* its 'weight' holds nan"):
        tn.fit(net, *data, epochs=1, progress=False)


def test_data_that_are_not_finite_are_blamed(make, data):
    x = data[0].copy()
    x[150, 1] = np.inf
    for shuffle, step in ((False, "2"), (True, "[12]")):
        with pytest.raises(tn.TrainingError, match=rf"at step {step}, .*: x\[150\] holds inf$"):
            tn.fit(make(), x, data[1], epochs=1, batch_size=100, shuffle=shuffle, rng=0, progress=False)


def test_data_too_large_for_the_network_are_blamed_with_row_and_value(make, data):
    x = data[0].astype(np.float64)
    x[150, 1] = -1e300
    message = r"at step 2, .*: x\[150\] holds -1e\+300, which is too large for float32$"
    with pytest.raises(tn.TrainingError, match=message):
        tn.fit(make(), x, data[1], epochs=1, batch_size=100, shuffle=False, progress=False)


@pytest.mark.parametrize(
    ("callbacks", "message"),
    [
        (tn.EarlyStopping(), r"callbacks must be a list of callables, as \[EarlyStopping\(\)\], got EarlyStopping"),
        (print, "callbacks must be a list of callables"),
        ([tn.EarlyStopping], "a callback must be callable .*; write EarlyStopping.. with parentheses"),
        (["stop"], "a callback must be callable .*, got 'stop'"),
    ],
)
def test_what_is_no_list_of_callables_is_refused_before_training(make, data, callbacks, message):
    net = make()
    before = [param.copy() for param in net.params.values()]
    with pytest.raises(TypeError, match=f"^fit: {message}"):
        tn.fit(net, *data, epochs=1, callbacks=callbacks, progress=False)
    assert all(np.array_equal(a, b) for a, b in zip(before, net.params.values()))


def test_parameters_are_those_before_the_step_that_failed(make, data):
    x = data[0].copy()
    x[-1] = np.nan
    net, other = tn.Sequential(make(), tn.BatchNorm(2)), tn.Sequential(make(), tn.BatchNorm(2))
    options = {"epochs": 1, "batch_size": 200, "shuffle": False, "progress": False}
    with pytest.raises(tn.TrainingError):
        tn.fit(net, x, data[1], **options)
    tn.fit(other, x[:200], data[1][:200], **options)
    for key, array in net._state().items():
        assert np.array_equal(array, other._state()[key])
