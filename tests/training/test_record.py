"""What training prints, and the record that it returns."""

from __future__ import annotations

import re
import sys
import types
from typing import ClassVar

import numpy as np
import pytest

import tinynet as tn
from tinynet.training.epoch import hits
from tinynet.training.progress import epoch_line


def test_history_has_one_number_an_epoch(make, data):
    schedule = tn.schedules.steps(0.1, 4, 0.5)
    history = tn.fit(
        make(), *data, epochs=3, optimizer=tn.SGD(schedule), validation_data=data, progress=False
    )  # 4 steps an epoch
    columns = history.to_dict()
    assert list(columns) == [
        "loss",
        "accuracy",
        "val_loss",
        "val_accuracy",
        "first_learning_rate",
        "learning_rate",
        "seconds",
    ]
    assert all(len(values) == 3 and all(type(v) is float for v in values) for values in columns.values())
    assert history.learning_rate == [0.1, 0.05, 0.025]
    columns["loss"].clear()
    assert len(history.loss) == 3


def test_a_warm_up_within_an_epoch_is_recorded(make, data):
    schedule = tn.schedules.warm_up(0.1, 2)  # of 4 steps
    history = tn.fit(make(), *data, epochs=2, optimizer=tn.SGD(schedule), progress=False)
    assert history.first_learning_rate == [0.05, 0.1]
    assert history.learning_rate == [0.1, 0.1]
    assert "first_learning_rate" not in repr(history)


def test_loss_and_accuracy_are_means_over_samples(make, data):
    x, labels = data
    net = make()
    loss, right = tn.CrossEntropy()(net(x), labels), (net.predict(x) == labels).mean()
    history = tn.fit(net, x, labels, epochs=1, optimizer=tn.SGD(0.0), batch_size=100, progress=False)
    assert history.loss == pytest.approx([loss])  # the last batch, of 3, counts as 3
    assert history.accuracy == pytest.approx([right])


def test_history_is_a_table():
    history = tn.History(loss=[0.5, 0.25], accuracy=[0.5, 1.0], learning_rate=[1e-3, 1e-4], seconds=[1.0, 12.04])
    assert history.to_table().splitlines() == [
        "epoch    loss  accuracy  learning_rate  seconds",
        "    1  0.5000    0.5000          0.001      1.0",
        "    2  0.2500    1.0000         0.0001     12.0",
    ]
    history.stopped = "interrupted in epoch 3"
    assert repr(history).splitlines()[-1] == "stopped: interrupted in epoch 3"
    assert repr(tn.History()) == "epoch"
    assert tn.History()


def test_what_is_not_a_number_is_no_right_answer(make, data):
    x, labels = data
    missing = np.where(np.arange(10)[:, None] < 4, np.nan, x[:10])
    for zeros in (np.zeros(10, np.int64), np.eye(2)[np.zeros(10, np.int64)]):
        net = make()
        history = tn.fit(net, x, labels, epochs=1, validation_data=(missing, zeros), progress=False)
        assert history.val_accuracy == [(net.predict(x[4:10]) == 0).sum() / 10]
        assert np.isnan(history.val_loss).all()


def test_hits_are_rows_whose_largest_prediction_is_at_the_target():
    predictions = np.array([[0.9, 0.1], [np.nan, 0.1], [0.9, np.nan], [np.nan, np.nan], [-np.inf, np.inf]])
    assert [hits(predictions, np.full(5, k)) for k in (0, 1)] == [1, 1]
    assert hits(predictions, np.eye(2)[[0, 0, 0, 0, 1]]) == 2


def test_losses_stay_short():
    history = tn.History(loss=[1409271353643225670519216930816.0], val_loss=[12345.678], seconds=[1.0])
    assert "loss 1.409e+30  val_loss 1.235e+04  " in epoch_line(history, 1, 1.0)
    assert history.to_table().splitlines()[1].split() == ["1", "1.409e+30", "1.235e+04", "1.0"]
    worst = tn.History(loss=[9999.5], val_loss=[np.nan], accuracy=[0.5], seconds=[1.0])
    assert "loss 9999.5000  accuracy 50.00 %  val_loss nan  " in epoch_line(worst, 1, 1.0)


FIGURES = r"loss \d\.\d{4}  accuracy \d+\.\d\d %  val_loss \d\.\d{4}  val_accuracy \d+\.\d\d %"


def test_without_a_terminal_every_epoch_is_one_plain_line(make, data, capsys, monkeypatch):
    monkeypatch.setitem(sys.modules, "tqdm", None)
    tn.fit(make(), *data, epochs=2, validation_data=data)
    out, err = capsys.readouterr()
    first, last = out.splitlines()
    assert re.fullmatch(rf"epoch 1/2  {FIGURES}  [\d,]+ samples/s  \d+ s left", first)
    assert re.fullmatch(rf"epoch 2/2  {FIGURES}  [\d,]+ samples/s  \d+ s in all", last)
    assert err == ""


def test_silence(make, data, capsys):
    tn.fit(make(), *data, epochs=1, progress=False)
    assert capsys.readouterr() == ("", "")


class Bar:
    bars: ClassVar = []

    def __init__(self, **options):
        self.options, self.done, self.open = options, 0, True
        Bar.bars.append(self)

    def update(self, count):
        self.done += count

    def close(self):
        self.open = False


@pytest.fixture
def terminal(monkeypatch):
    """A terminal, and a tqdm in it."""
    monkeypatch.setitem(sys.modules, "tqdm", types.SimpleNamespace(tqdm=Bar))
    monkeypatch.setattr(Bar, "bars", [])
    stderr = types.SimpleNamespace(isatty=lambda: True)
    monkeypatch.setattr("tinynet.training.progress.sys", types.SimpleNamespace(stderr=stderr))
    return Bar.bars


def test_in_a_terminal_with_tqdm_there_is_a_bar_as_well(make, data, terminal, capsys):
    tn.fit(make(), *data, epochs=2)
    assert [bar.options["desc"] for bar in terminal] == ["epoch 1/2", "epoch 2/2"]
    assert [(bar.options["total"], bar.done, bar.open) for bar in terminal] == [(203, 203, False)] * 2
    assert len(capsys.readouterr().out.splitlines()) == 2


def test_a_bar_is_taken_away_when_training_fails(make, data, terminal):
    with pytest.raises(tn.TrainingError):
        tn.fit(make(), data[0] * np.nan, data[1], epochs=2)
    assert [bar.open for bar in terminal] == [False]
    tn.fit(make(), *data, epochs=1, progress=False)
    assert len(terminal) == 1


def test_a_terminal_without_tqdm_and_a_program_without_a_console(make, data, monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "tqdm", None)
    monkeypatch.setattr(sys, "stderr", types.SimpleNamespace(isatty=lambda: True))
    tn.fit(make(), *data, epochs=1)
    assert len(capsys.readouterr().out.splitlines()) == 1
    monkeypatch.setattr(sys, "stderr", None)
    monkeypatch.setattr(sys, "stdout", None)
    tn.fit(make(), *data, epochs=1)


def test_the_line_says_what_is_left():
    history = tn.History(loss=[1.0] * 9, seconds=[10.0] * 9)
    assert epoch_line(history, 100, 1234.5) == "epoch   9/100  loss 1.0000  1,234 samples/s  15 min 10 s left"
    assert epoch_line(history, 9, 1e6) == "epoch 9/9  loss 1.0000  1,000,000 samples/s  1 min 30 s in all"
