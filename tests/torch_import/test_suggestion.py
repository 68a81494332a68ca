"""The network that an error suggests: valid Python, the file's names and sizes, and guesses that add up."""

from __future__ import annotations

import re
import subprocess
import sys

import numpy as np
import pytest

import tinynet as tn


def tensors(*entries):
    kinds = {True: np.int64, False: np.float32}
    return {name: np.zeros(shape, kinds["tracked" in name]) for name, shape in entries}


def conv(name, takes, gives, *kernel, bias=True):
    rows, columns = kernel if len(kernel) == 2 else kernel * 2
    return [(f"{name}.weight", (gives, takes, rows, columns))] + [(f"{name}.bias", (gives,))] * bias


def dense(name, takes, gives, bias=True):
    return [(f"{name}.weight", (gives, takes))] + [(f"{name}.bias", (gives,))] * bias


def norm(name, width):
    leaves = ("weight", "bias", "running_mean", "running_var")
    return [*((f"{name}.{leaf}", (width,)) for leaf in leaves)]


def refuse(*layers):
    """Return the message of the error."""
    with pytest.raises(tn.CheckpointError) as caught:
        tn.from_torch_state_dict(tensors(*[entry for layer in layers for entry in layer]))
    return str(caught.value)


def code(message):
    start = message.index("tn.Sequential(\n")
    return message[start : message.index("\n)", start) + 2]


def build(message):
    return eval(code(message), {"tn": tn})


def described(net):
    """Return the layers in the words of the layers, names left out."""
    return [re.sub(r",?name='.*'", "", repr(layer).replace(" ", "")) for layer in net]


def suggested(*layers):
    return described(build(refuse(*layers)))


def test_the_whole_message():
    message = refuse(
        conv("conv1", 1, 32, 3, bias=False),
        norm("bn1", 32),
        conv("conv2", 32, 64, 3),
        dense("fc1", 1600, 128),
        dense("fc2", 128, 10),
    )
    head, _, rest = message.partition("\n\n")
    # One line, as all errors are; a terminal wraps it.
    assert head == (
        "the given mapping is no chain of dense layers: conv1.weight (32, 1, 3, 3), bn1.running_mean (32,), "
        "bn1.running_var (32,), conv2.weight (64, 32, 3, 3) belong to layers of other kinds (convolution, "
        "normalization, recurrence, ...), whose settings and order the file does not tell: build the network and "
        "pass it as network=, for instance this one:"
    )
    assert rest == (
        """tn.Sequential(
    tn.Conv2d(1, 32, 3, bias=False, name="conv1"),
    tn.BatchNorm(32, name="bn1"), tn.ReLU(), tn.MaxPool2d(2),
    tn.Conv2d(32, 64, 3, name="conv2"), tn.ReLU(), tn.MaxPool2d(2),
    tn.Flatten(),
    tn.Dense(1600, 128, name="fc1"), tn.ReLU(),
    tn.Dense(128, 10, name="fc2"),
    tn.Softmax(),
)

It gives the 1600 inputs of fc1 for images of shape (N, 1, 28, 28), such as
tn.datasets.normalize(images).reshape(-1, 1, 28, 28).
Names and widths are the file's; padding, pooling, strides, activations and the order are a guess that has to
be compared with the code that trained it. A wrong one loads all the same, and predicts badly.
So does a right one if pixels are scaled otherwise than in training: pixels / 255, standardised (mean=0.1307,
std=0.3081), -1..1 (mean=0.5, std=0.5) and 0..255 are usual."""
    )


def test_a_suggestion_can_be_filled_at_once():
    layers = [conv("conv1", 1, 8, 5, 3), norm("bn1", 8), conv("conv2", 8, 16, 3), dense("fc", 400, 10)]
    net = build(refuse(*layers))
    tn.from_torch_state_dict(tensors(*[entry for layer in layers for entry in layer]), net)
    assert net(np.zeros((2, 1, 28, 28))).shape == (2, 10)


# What people train on MNIST: (paddings and kernels of the convolutions, P for a pooling after it) by inputs of the
# first dense layer.
KNOWN = [
    ([(1, 32, 3, 0, ""), (32, 64, 3, 0, "P")], 9216),
    ([(1, 32, 3, 0, "P"), (32, 64, 3, 0, "P")], 1600),
    ([(1, 32, 3, 1, "P"), (32, 64, 3, 1, "P")], 3136),
    ([(1, 10, 5, 0, "P"), (10, 20, 5, 0, "P")], 320),
    ([(1, 6, 5, 0, "P"), (6, 16, 5, 0, "P")], 256),
    ([(1, 6, 5, 2, "P"), (6, 16, 5, 0, "P")], 400),
    ([(1, 16, 5, 2, "P"), (16, 32, 5, 2, "P")], 1568),
    ([(1, 32, 3, 1, "P"), (32, 64, 3, 1, "P"), (64, 128, 3, 1, "P")], 1152),
    ([(1, 32, 3, 1, ""), (32, 32, 3, 1, "P"), (32, 64, 3, 1, ""), (64, 64, 3, 1, "P")], 3136),
    ([(1, 32, 3, 0, ""), (32, 32, 3, 0, "P"), (32, 64, 3, 0, ""), (64, 64, 3, 0, "P")], 1024),
    ([(1, 32, 5, 0, ""), (32, 32, 5, 0, "P"), (32, 64, 5, 0, "P")], 576),
    ([(1, 6, 5, 2, "P"), (6, 16, 5, 0, "P"), (16, 120, 5, 0, "")], 120),
    ([(1, 32, 3, 0, "P")], 5408),
    ([(1, 32, 3, 1, "")], 25088),
    ([(3, 32, 3, 1, "P"), (32, 64, 3, 1, "P")], 4096),
]


@pytest.mark.parametrize(("convolutions", "inputs"), KNOWN)
def test_padding_and_pooling_of_known_networks(convolutions, inputs):
    layers = [conv(f"c{i}", a, b, k) for i, (a, b, k, _, _) in enumerate(convolutions)]
    expected = []
    for takes, gives, kernel, padding, pool in convolutions:
        expected += [f"Conv2d({takes},{gives},{kernel}" + f",padding={padding}" * (padding > 0) + ")", "ReLU()"]
        expected += ["MaxPool2d(2)"] * (pool == "P")
    got = suggested(*layers, dense("fc", inputs, 10))
    assert got == [*expected, "Flatten()", f"Dense({inputs},10)", "Softmax()"]


@pytest.mark.parametrize("normalized", [False, True])
def test_numbers_in_names_that_leave_no_room_for_a_pooling(normalized):
    """Between the second and the third there is a ReLU and nothing else."""
    layers = [conv("a.0", 1, 10, 3), conv("a.3", 10, 20, 3), conv("a.5", 20, 30, 3), dense("b.1", 30 * 7 * 7, 10)]
    if normalized:
        layers[2:3] = [norm("a.4", 20), conv("a.6", 20, 30, 3)]
    steps = " ".join(type(layer).__name__ for layer in build(refuse(*layers)) if not isinstance(layer, tn.BatchNorm))
    assert steps.startswith("Conv2d ReLU MaxPool2d Conv2d ReLU Conv2d ReLU MaxPool2d Flatten")


def test_an_activation_between_a_layer_and_its_normalization():
    got = suggested(conv("a.0", 1, 8, 3), norm("a.2", 8), conv("a.4", 8, 8, 3), norm("a.5", 8), dense("fc", 4608, 10))
    assert got[:3] == ["Conv2d(1,8,3)", "ReLU()", "BatchNorm(8)"]
    assert got[3:6] == ["Conv2d(8,8,3)", "BatchNorm(8)", "ReLU()"]


def test_choices_that_are_as_simple_are_told():
    message = refuse(conv("c1", 1, 6, 5), conv("c2", 6, 16, 5), conv("c3", 16, 120, 5), dense("fc", 120, 84))
    assert 'tn.Conv2d(1, 6, 5, padding=2, name="c1"), tn.ReLU(), tn.MaxPool2d(2),\n' in message
    others = "- c1 (padding=2), pool, c2 (padding=2), pool, c3, pool\n- images of 32 x 32, c1, pool, c2, pool, c3\n"
    assert f"As simple, and giving them as well:\n{others}Names" in message
    message = refuse(conv("c1", 1, 10, 3), conv("c2", 10, 10, 3), conv("c3", 10, 10, 3), dense("fc", 490, 10))
    assert "As simple" in message
    assert "- c1 (padding=1), pool, c2 (padding=1), c3 (padding=1), pool\n" in message


def test_numbers_that_do_not_add_up():
    message = refuse(conv("c1", 1, 8, 3), conv("c2", 8, 16, 3), dense("fc", 999, 10))
    assert 'tn.Conv2d(8, 16, 3, name="c2"), tn.ReLU(), tn.MaxPool2d(2),  # ?\n' in message
    assert "It does not add up: no padding and max-pooling that was tried leads" in message
    assert "such as tn.datasets" not in message
    assert len(build(message)) == 9


def test_an_average_over_all_that_is_left():
    got = suggested(conv("c1", 1, 8, 3), conv("c2", 8, 64, 3), dense("fc", 64, 10))
    assert got == [
        *["Conv2d(1,8,3)", "ReLU()", "MaxPool2d(2)", "Conv2d(8,64,3)", "ReLU()", "AvgPool2d(11)"],
        *["Flatten()", "Dense(64,10)", "Softmax()"],
    ]


def test_images_of_three_channels_are_mostly_of_32_rows():
    message = refuse(conv("c1", 3, 6, 5), conv("c2", 6, 16, 5), dense("fc", 400, 10))
    assert "images of shape (N, 3, 32, 32)" in message
    assert "images of shape (N, 1, 28, 28)" in refuse(conv("c1", 1, 6, 5), conv("c2", 6, 16, 5), dense("fc", 400, 10))
    assert "images of shape (N, 1, 64, 64)" in refuse(conv("c1", 1, 6, 3), dense("fc", 6 * 64 * 64, 10))


def test_convolutions_only():
    message = refuse(conv("c1", 1, 8, 3), conv("c2", 8, 10, 1))
    assert "no dense layer tells their size" in message.replace("\n", " ")
    net = build(message)
    assert net(np.zeros((2, 1, 28, 28))).shape == (2, 10)


def test_many_convolutions_end_soon_and_stay_readable():
    layers = [conv(f"c{i}", 4 if i else 1, 4, 3) for i in range(60)]
    message = refuse(*layers, *[conv(f"d{i}", 4, 4, 3) for i in range(40)], dense("fc", 36, 10))
    assert len(message.splitlines()) <= 40
    assert "    # ... and 77 lines more\n)" in message
    assert len(build(message)) > 20
    assert "It does not add up" in message
    fewer = refuse(*layers, dense("fc", 36, 10))
    assert len(fewer.splitlines()) <= 40
    assert "It gives the 36 inputs" in fewer


def test_normalizations_that_stand_together_find_their_layers():
    layers = [conv("conv1", 1, 8, 3), conv("conv2", 8, 8, 3), norm("bn1", 8), norm("bn2", 8), dense("fc", 4608, 10)]
    net = build(refuse(*layers))
    assert [layer.name for layer in net if layer.name] == ["conv1", "bn1", "conv2", "bn2", "fc"]
    mixed = build(refuse(*layers[:2], norm("bn2", 8), dense("fc", 4608, 8), norm("bn1", 8), dense("out", 8, 8)))
    assert [layer.name for layer in mixed if layer.name] == ["conv1", "bn1", "conv2", "bn2", "fc", "out"]
    behind = build(refuse(*layers[:2], norm("a", 8), layers[4]))
    assert [layer.name for layer in behind if layer.name] == ["conv1", "conv2", "a", "fc"]
    other = build(refuse(norm("first", 1), *layers[:2], norm("b", 8), norm("a", 8), layers[4]))
    assert [layer.name for layer in other if layer.name] == ["first", "conv1", "b", "conv2", "a", "fc"]


def test_normalization_without_parameters():
    statistics = [entry for entry in norm("bn", 8) if "running" in entry[0]]
    message = refuse(conv("c", 1, 8, 3), [*statistics, ("bn.num_batches_tracked", ())], dense("fc", 1352, 10))
    assert '    tn.BatchNorm(8, affine=False, name="bn"), tn.ReLU(), tn.MaxPool2d(2),\n' in message


def test_dense_layers_with_normalization():
    message = refuse(dense("fc1", 784, 32), norm("bn", 32), dense("fc2", 32, 10))
    assert described(build(message)) == ["Dense(784,32)", "BatchNorm(32)", "ReLU()", "Dense(32,10)", "Softmax()"]
    assert "Names and widths are the file's; activations and the order are a guess" in message


def test_sorted_keys_are_no_order():
    layers = [
        conv("conv1", 1, 8, 3),
        conv("conv10", 8, 8, 3),
        conv("conv2", 8, 8, 3),
        dense("a", 8, 10),
        dense("b", 8 * 22 * 22, 8),
    ]
    message = refuse(sorted(entry for layer in layers for entry in layer))
    assert [layer.name for layer in build(message) if layer.name] == ["conv1", "conv2", "conv10", "b", "a"]
    assert "another order" not in message


def test_layers_in_an_order_that_their_widths_forbid():
    layers = [conv("conv1", 1, 8, 3), conv("conv2", 8, 16, 3), conv("block.conv", 8, 8, 3), dense("fc", 3136, 10)]
    message = refuse(*layers)
    assert [layer.name for layer in build(message) if layer.name] == ["conv1", "block.conv", "conv2", "fc"]
    assert "The file has the layers in another order" in message
    assert "another order" not in refuse(*layers[:2], dense("fc", 2304, 10))


@pytest.mark.parametrize(
    ("entries", "remark"),
    [
        ([("embedding.weight", (100, 8))], "# ??? embedding.weight (100, 8)"),
        (
            [(f"rnn.{key}", (64, 64)) for key in ("weight_ih_l0", "weight_hh_l0")],
            "# ??? rnn.weight_ih_l0 (64, 64), rnn.weight_hh_l0 (64, 64)",
        ),
        ([("up.weight", (8, 4, 2, 2)), ("up.bias", (4,))], "# ??? up.weight (8, 4, 2, 2), up.bias (4,)"),
        (
            conv("depthwise", 1, 8, 3),
            "# ??? depthwise.weight (8, 1, 3, 3), depthwise.bias (8,): takes 1 where 8 come",
        ),
        ([("prelu.weight", (1,))], "# ??? prelu.weight (1,)"),
        ([("norm.weight", (8,)), ("norm.bias", (8,))], "# ??? norm.weight (8,), norm.bias (8,)"),
        (norm("bn", 5), "# ??? bn.weight (5,), bn.bias (5,), bn.running_mean (5,), bn.running_var (5,)"),
        (dense("side", 7, 3), "# ??? side.weight (3, 7), side.bias (3,): takes 7 where 40 come"),
        ([("c.weight", (4, 8, 3))], "# ??? c.weight (4, 8, 3)"),
        ([("empty.weight", (0, 8, 3, 3))], "# ??? empty.weight (0, 8, 3, 3)"),
        ([(f"x.t{i}", (2,)) for i in range(9)], "# ??? x.t0 (2,), x.t1 (2,), x.t2 (2,), x.t3 (2,), 5 more"),
    ],
    ids=lambda value: value[0][0].partition(".")[0].partition("\n")[0] if isinstance(value, list) else "",
)
def test_what_is_no_layer_here_becomes_a_remark(entries, remark):
    message = refuse(conv("conv", 1, 8, 3), entries, dense("fc", 8 * 26 * 26, 40), dense("out", 40, 10))
    if "side" in remark:
        message = refuse(conv("conv", 1, 8, 3), dense("fc", 8 * 26 * 26, 40), entries, dense("out", 40, 10))
    assert f"\n    {remark}\n" in message
    assert [layer.name for layer in build(message) if layer.name] == ["conv", "fc", "out"]
    assert "Tensors marked ??? belong to layers that are not known here" in message


def test_weights_that_are_no_floating_point_numbers_are_no_layer():
    state_dict = tensors(*conv("conv", 1, 8, 3), *dense("fc", 8, 10))
    state_dict["conv.weight"] = state_dict["conv.weight"].astype(np.int8)
    with pytest.raises(tn.CheckpointError, match=r"# \?\?\? conv\.weight \(8, 1, 3, 3\)"):
        tn.from_torch_state_dict(state_dict)


def test_names_that_python_must_quote():
    name = 'a "quoted" \\ name'
    net = build(refuse(conv(name, 1, 8, 3), dense("ĸlassen", 8, 10)))
    assert [layer.name for layer in net if layer.name] == [name, "ĸlassen"]


def test_a_layer_without_a_name():
    assert suggested([("weight", (8, 1, 3, 3)), ("bias", (8,))])[0] == "Conv2d(1,8,3)"


def test_one_dimensional_weights_without_a_partner_are_suggested_too():
    message = refuse(dense("fc1", 4, 3), [("act.weight", (1,))], dense("fc2", 3, 2))
    assert "no dense layer uses act.weight" in message
    assert "    # ??? act.weight (1,)\n" in message
    assert described(build(message)) == ["Dense(4,3)", "ReLU()", "Dense(3,2)", "Softmax()"]


def test_dense_layers_whose_order_the_file_does_not_tell():
    message = refuse(dense("fc2", 4, 4), dense("fc1", 4, 4))
    assert described(build(message)) == ["Dense(4,4)", "ReLU()", "Dense(4,4)", "Softmax()"]
    message = refuse(dense("a", 4, 3), dense("b", 5, 2))
    assert "do not form one chain" in message
    assert described(build(message)) == ["Dense(4,3)", "Softmax()"]


def test_nothing_is_suggested_where_no_layer_is_known():
    assert refuse([("w", (2, 3, 4)), ("v", (2, 2))]).endswith("pass it as network=")


def test_nobody_waits_for_it_before_the_error(root):
    program = (
        f"import sys; sys.path.insert(0, {str(root / 'src')!r}); import tinynet\n"
        f"tinynet.from_torch_state_dict({str(root / 'examples' / 'mnist_model.pth')!r})\n"
        "print([name for name in sys.modules if 'suggestion' in name])"
    )
    done = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True)
    assert done.stdout.strip() == "[]"
