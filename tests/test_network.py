"""Sequential: composition, names, slices, chunks, and the errors that name a layer."""

from __future__ import annotations

import copy
import io
import pickle
import tracemalloc
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

import tinynet as tn


def mlp(*, dtype=np.float32, softmax=True):
    layers = [tn.Dense(4, 5, rng=0, dtype=dtype), tn.ReLU(), tn.Dense(5, 3, rng=1, dtype=dtype)]
    return tn.Sequential(*layers, *[tn.Softmax()] * softmax)


@pytest.fixture
def x():
    return np.random.default_rng(0).standard_normal((300, 4)).astype(np.float32)


def test_is_the_layers_one_after_another(x):
    net = mlp()
    expected = x
    for layer in net:
        expected = layer(expected)
    np.testing.assert_allclose(net(x), expected, rtol=1e-6)


def test_is_iterable_indexable_and_sliceable(x):
    net = mlp()
    assert len(net) == 4
    assert net[0] is next(iter(net))
    assert net[-1] is net.layers[3]
    logits = net[:-1]
    assert isinstance(logits, tn.Sequential)
    assert logits[0] is net[0]
    np.testing.assert_allclose(tn.functional.softmax(logits(x)), net(x), rtol=1e-5)
    with pytest.raises(IndexError):
        net[4]


def test_layers_are_found_by_name():
    net = tn.Sequential(tn.Dense(2, 3, name="fc1"), tn.ReLU())
    assert net["fc1"] is net[0]
    assert net["1"] is net[1]
    with pytest.raises(KeyError, match="it has fc1, 1"):
        net["fc2"]


def test_an_empty_network_is_the_identity(x):
    y = tn.Sequential()(x)
    assert np.array_equal(y, x)
    assert not np.shares_memory(y, x)


def test_parameters_go_by_name_or_position():
    net = tn.Sequential(tn.Dense(2, 3, name="fc1"), tn.ReLU(), tn.Dense(3, 2))
    assert list(net.params) == ["fc1.weight", "fc1.bias", "2.weight", "2.bias"]
    assert net.params["fc1.weight"] is net[0].params["weight"]
    nested = tn.Sequential(net, tn.Dense(2, 2, name="head"))
    assert list(nested.params)[:2] == ["0.fc1.weight", "0.fc1.bias"]
    assert "head.weight" in nested.params


def test_layers_of_a_module_list_may_be_called_like_the_place_of_an_activation():
    net = tn.Sequential(tn.Dense(2, 3, name="0"), tn.ReLU(), tn.Dense(3, 2, name="1"))
    assert list(net.params) == ["0.weight", "0.bias", "1.weight", "1.bias"]
    net.forward(np.ones((1, 2)), training=True)
    net.backward(np.ones((1, 2)))
    assert list(net.grads) == list(net.params)


def test_backward_fills_the_gradients_of_network_and_layers(x):
    net = mlp()
    net.forward(x, training=True)
    assert net.backward(np.ones((300, 3), np.float32)).shape == x.shape
    assert list(net.grads) == list(net.params)
    assert net.grads["2.weight"] is net[2].grads["weight"]
    assert all(net.grads[key].dtype == np.float32 for key in net.grads)


def test_nested_networks_compute_the_same(x):
    net = mlp(dtype=np.float64)
    nested = tn.Sequential(net[:2], copy.deepcopy(net)[2:])
    assert np.array_equal(nested(x), net(x))
    grad = np.ones((300, 3))
    for n in (net, nested):
        n.forward(x, training=True)
    assert np.array_equal(nested.backward(grad), net.backward(grad))
    assert [g.tolist() for g in nested.grads.values()] == [g.tolist() for g in net.grads.values()]
    assert nested.predict_proba(x).shape == (300, 3)


@pytest.mark.parametrize("batch_size", [None, 1, 7, 64, 299, 300, 1000])
def test_chunks_change_nothing_but_rounding(x, batch_size):
    net = mlp()
    np.testing.assert_allclose(net(x, batch_size=batch_size), net[:](x[:300]), rtol=1e-5, atol=1e-7)
    assert net.predict_proba(x, batch_size=batch_size).shape == (300, 3)
    assert np.array_equal(net.predict(x, batch_size=batch_size), net(x).argmax(axis=1))


def test_large_batches_are_evaluated_in_chunks(x, monkeypatch):
    monkeypatch.setattr("tinynet._chunks.CHUNK_BYTES", 4 * 5 * 70)
    net, seen = mlp(), []

    class Watch(tn.Layer):
        def _forward(self, x, training):
            seen.append(len(x))
            return x, None

    y = tn.Sequential(Watch(), *net)(x)
    assert seen == [64, 64, 64, 64, 44]  # 70 would do, but the processor takes 16 numbers at once
    np.testing.assert_allclose(y, net(x), rtol=1e-5)


def test_predictions_of_a_memory_map(tmp_path, x):
    file = np.memmap(tmp_path / "x.dat", np.float32, "w+", shape=x.shape)
    file[:] = x
    net = mlp()
    assert np.array_equal(net.predict(file), net.predict(x))
    assert type(net(file)) is np.ndarray


def test_a_large_map_is_read_in_chunks(tmp_path):
    file = np.memmap(tmp_path / "x.dat", np.uint8, "w+", shape=(40_000, 784))
    net = tn.Sequential(tn.Dense(784, 10, rng=0), tn.Softmax())
    net.predict(file[:100])
    tracemalloc.start()
    net.predict(file)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 18e6  # the map would be 125 MB in float32


def test_a_slice_keeps_the_names_of_the_whole_as_in_torch():
    net = mlp()
    assert list(net[2:].params) == ["2.weight", "2.bias"]
    assert list(net[2:][:1].params) == ["2.weight", "2.bias"]
    odd = tn.Sequential(tn.Dense(2, 2, name="1"), tn.ReLU(), tn.Dense(2, 2))
    assert list(odd[::2].params) == ["1.weight", "1.bias", "2.weight", "2.bias"]


def test_threads_share_nothing_in_the_chunked_path(x):
    net = mlp()
    expected = net(x, batch_size=7).tobytes()
    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(lambda _: net(x, batch_size=7).tobytes(), range(100))) == {expected}


@pytest.mark.parametrize("rows", [3, 300])
def test_a_wrong_shape_is_told_as_it_is(rows):
    net = tn.Sequential(tn.Flatten(), tn.Dense(4, 2))
    with pytest.raises(tn.ShapeError, match=rf"layer 1: Dense expects .*\(N, 4\), got \({rows}, 6\)"):
        net(np.zeros((rows, 2, 3)))
    with pytest.raises(tn.ShapeError, match=rf"layer 0: Flatten expects .*got \({rows},\).*batch axis"):
        net(np.zeros(rows))


def test_a_picklers_copies_of_the_arrays_stay_together():
    class Apart(pickle.Pickler):
        """Writes every array as it meets it, as joblib does, and so twice where two dicts hold it."""

        def reducer_override(self, obj):
            return (np.array, (obj.tolist(), obj.dtype)) if isinstance(obj, np.ndarray) else NotImplemented

    buffer = io.BytesIO()
    pickler = Apart(buffer)
    pickler.fast = True
    pickler.dump(mlp())
    net = pickle.loads(buffer.getvalue())
    net.params["0.bias"] = np.ones(5)
    assert net[0].params["bias"].all()


def test_predict_is_the_class_of_the_largest_output(x):
    net = mlp(softmax=False)
    assert np.array_equal(net.predict(x), net(x).argmax(axis=1))
    assert net.predict(x).dtype == np.intp
    assert net.predict(x[:0]).shape == (0,)


def test_predict_proba_needs_probabilities(x):
    with pytest.raises(ValueError, match=r"ends in Softmax or LogSoftmax, this one ends in Dense.*append Softmax"):
        mlp(softmax=False).predict_proba(x)
    with pytest.raises(ValueError, match="nothing"):
        tn.Sequential().predict_proba(x)


def test_predict_proba_undoes_the_logarithm_of_a_final_log_softmax(x):
    net = tn.Sequential(*mlp(softmax=False), tn.LogSoftmax())
    expected = tn.functional.softmax(net[:-1](x))
    for each in (net, tn.Sequential(net[:2], net[2:])):
        p = each.predict_proba(x)
        assert p.dtype == np.float32
        np.testing.assert_allclose(p, expected, rtol=1e-5)
        np.testing.assert_allclose(p.sum(axis=1), 1, rtol=1e-5)
        np.testing.assert_allclose(each(x), np.log(expected), rtol=1e-4, atol=1e-6)  # the network itself does not
        assert np.array_equal(each.predict(x), p.argmax(axis=1))


def test_predict_needs_rows_of_classes():
    with pytest.raises(tn.ShapeError, match="predict needs"):
        tn.Sequential(tn.ReLU()).predict(np.zeros((2, 2, 2)))


@pytest.mark.parametrize(
    ("batch_size", "error"), [(0, ValueError), (-1, ValueError), (2.5, TypeError), (True, TypeError)]
)
def test_bad_batch_sizes_are_refused(x, batch_size, error):
    with pytest.raises(error, match="batch_size"):
        mlp()(x, batch_size=batch_size)


@pytest.mark.parametrize("call", [lambda net, x: net(x), lambda net, x: net.forward(x, training=True)])
def test_a_wrong_shape_names_the_layer_and_its_position(call):
    net = tn.Sequential(tn.ReLU(), tn.Dense(4, 2, name="fc1"))
    with pytest.raises(
        tn.ShapeError, match=r"^layer 1: Dense 'fc1' expects an input of shape \(N, 4\), got \(1, 5\)"
    ):
        call(net, np.zeros((1, 5)))
    with pytest.raises(tn.ShapeError, match="layer 0: layer 1: Dense"):
        call(tn.Sequential(net), np.zeros((1, 5)))


def test_a_single_number_is_no_batch():
    for x in (3.0, np.array(3.0)):
        with pytest.raises(tn.ShapeError, match="got a single number"):
            tn.Sequential(tn.ReLU())(x)


def test_layers_that_do_not_fit_are_refused_at_once():
    with pytest.raises(tn.ShapeError, match=r"layer 2: Dense 'out' expects .*\(N, 4\), got \(N, 3\)"):
        tn.Sequential(tn.Dense(2, 3), tn.ReLU(), tn.Dense(4, 1, name="out"))


def test_what_is_no_layer_is_refused_with_a_hint():
    with pytest.raises(TypeError, match=r"Sequential\(\*layers\)"):
        tn.Sequential([tn.ReLU()])
    with pytest.raises(TypeError, match=r"ReLU\(\) with parentheses"):
        tn.Sequential(tn.ReLU)


def test_a_layer_that_occurs_twice_is_refused():
    dense = tn.Dense(2, 2)
    with pytest.raises(ValueError, match="occurs twice"):
        tn.Sequential(dense, tn.ReLU(), dense)
    with pytest.raises(ValueError, match="occurs twice"):
        tn.Sequential(tn.Sequential(dense), dense)


def test_equal_names_are_refused():
    with pytest.raises(ValueError, match=r"two layers have a parameter .fc\.weight."):
        tn.Sequential(tn.Dense(2, 2, name="fc"), tn.Dense(2, 2, name="fc"))


def test_mixed_dtypes_are_refused():
    with pytest.raises(TypeError, match="one dtype"):
        tn.Sequential(tn.Dense(2, 2), tn.Dense(2, 2, dtype=np.float64))


def test_repr_is_a_table():
    net = tn.Sequential(tn.Flatten(), tn.Dense(784, 10, name="fc"), tn.Softmax(), name="mnist")
    assert repr(net).splitlines() == [
        "Sequential 'mnist': 7,850 parameters, float32",
        "   #  layer       output   parameters",
        "   0  Flatten     unknown           0",
        "  fc  Dense 'fc'  (N, 10)       7,850",
        "   2  Softmax     (N, 10)           0",
    ]


def test_html_is_escaped():
    html = tn.Sequential(tn.Dense(1, 1, name="<b>"))._repr_html_()
    assert "<td>Dense &#x27;&lt;b&gt;&#x27;</td>" in html
    assert "<b>" not in html


def test_a_pickle_holds_the_parameters_once():
    net = tn.Sequential(tn.Dense(200, 100), tn.ReLU(), tn.Dense(100, 10))
    net.forward(np.zeros((64, 200)), training=True)
    data = pickle.dumps(net)
    assert len(data) <= 1.1 * sum(array.nbytes for array in net.params.values())
    other = pickle.loads(data)
    other.params["0.bias"] = np.ones(100)
    assert other[0].params["bias"].all()


def test_gradients_are_those_of_the_layers_also_after_a_slice_went_backward():
    net = tn.Sequential(tn.Dense(2, 2, rng=0), tn.Softmax())
    net.forward([[1, 2]], training=True)
    net.backward([[1, 0]])
    core = net[:-1]
    core.forward([[1, 2]], training=True)
    core.backward([[0, 0]])
    assert not any(grad.any() for grad in net.grads.values())
