"""What `import tinynet` brings in, and what it does not."""

from __future__ import annotations

import subprocess
import sys

import pytest

import tinynet as tn


def run(code: str, root) -> str:
    command = [sys.executable, "-c", f"import sys; sys.path.insert(0, {str(root / 'src')!r})\n{code}"]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


def test_import_brings_in_numpy_and_the_standard_library_only(root):
    code = """
import numpy
before = {name.partition(".")[0] for name in sys.modules}
import tinynet
after = {name.partition(".")[0] for name in sys.modules}
stdlib = getattr(sys, "stdlib_module_names", ())
print(sorted(after - before - set(stdlib)) if stdlib else ["tinynet"])
print(sorted(after & {"matplotlib", "seaborn", "pandas", "torch", "zipfile", "urllib", "tempfile"} - before))
"""
    assert run(code, root).splitlines() == ["['tinynet']", "[]"]


def test_viz_is_imported_when_it_is_first_touched(root):
    code = "import tinynet; tinynet.viz.plot_weights; print('matplotlib' in sys.modules, 'torch' in sys.modules)"
    assert run(code, root) == "True False"


def test_public_names_are_there_and_listed():
    assert {*tn.__all__, "viz"} == set(dir(tn))
    for name in dir(tn):
        assert getattr(tn, name) is not None
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = tn.nothing


def test_errors_are_also_the_builtin_kind():
    assert issubclass(tn.ShapeError, (tn.TinynetError, ValueError))
    for error, builtin in [
        (tn.ShapeError, ValueError),
        (tn.CheckpointError, ValueError),
        (tn.BackwardError, RuntimeError),
        (tn.GradientError, AssertionError),
    ]:
        assert issubclass(error, tn.TinynetError)
        assert issubclass(error, builtin)


def test_loading_and_predicting_with_dense_layers_imports_nothing_else(root):
    code = f"""
import sys, numpy as np, tinynet as tn
masks = "numpy.ma" in sys.modules  # NumPy 1 imports it itself
net = tn.from_torch_state_dict({str(root / "examples" / "mnist_model.pth")!r})
net.predict(np.zeros((1, 784), np.float32))
idle = ["layers.convolution", "layers.pooling", "functional.convolution", "training", "optimizers", "datasets", "viz"]
print([name for name in idle if "tinynet." + name in sys.modules], ("numpy.ma" in sys.modules) == masks)
print(tn.Conv2d(1, 1, 1).label, tn.functional.max_pool2d([[[[1.0]]]], 1).item(), "Conv2d" in dir(tn.layers))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[] True\nConv2d 1.0 True\n"
