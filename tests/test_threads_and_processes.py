"""One network, many threads and processes at once: all get the same bits, and the network stays as it is.

``TINYNET_SOAK=60`` lets them predict for a minute; by default they do for half a second.
"""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
from pathlib import Path

import soak

import tinynet as tn

SECONDS = float(os.environ.get("TINYNET_SOAK", "0.5"))
THREADS, PROCESSES = 8, 4


def test_threads_and_processes_get_the_same_bits(tmp_path: Path) -> None:
    net = soak.network(seed=1)
    net.forward(soak.IMAGES[:, None] / 255, training=True)  # so that the running statistics are some
    tn.save_checkpoint(tn.to_torch_state_dict(net), tmp_path / "net.pth")
    before, expected = pickle.dumps(net), soak.predict_everything(net, 0)

    places = [str(Path(tn.__file__).parents[1]), *filter(None, [os.environ.get("PYTHONPATH")])]
    run = [sys.executable, soak.__file__, str(tmp_path / "net.pth"), str(SECONDS), "2"]
    children = [
        subprocess.Popen(
            run, stdout=subprocess.PIPE, text=True, env={**os.environ, "PYTHONPATH": os.pathsep.join(places)}
        )
        for _ in range(PROCESSES)
    ]
    found, rounds = soak.predict_in_threads(net, SECONDS, THREADS)
    answers = [child.communicate(timeout=SECONDS + 100)[0].split() for child in children]

    assert found == {expected}
    assert [digests for *digests, _ in answers] == [[expected]] * PROCESSES
    assert rounds >= THREADS
    assert all(child.returncode == 0 for child in children)
    assert pickle.dumps(net) == before
    print(f"{rounds} rounds here, {' + '.join(answer[-1] for answer in answers)} in other processes")
