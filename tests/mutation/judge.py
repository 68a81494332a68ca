"""Judge a run of mutmut: how many mutants the tests killed, and whether every survivor is explained.

``nox -s mutation`` runs this in a copy of the project, after ``mutmut run``; it needs Python 3.11. `survivors.toml`
has a table for every function with survivors: the changed line, or * for all of them, and why no test can or need
notice.

Left out are ``raise`` statements, which hold the texts of errors, annotations, docstrings, what stands outside of
functions, and properties and other decorated functions. A mutant that runs out of time counts as killed.
"""

from __future__ import annotations

import sys
from collections import Counter, defaultdict
from pathlib import Path

LEAST = 95.0  # percent
KILLED = {"killed", "timeout", "segfault"}


def place(mutant: str) -> str:
    """Turn mutmut's name into that of a function.

    >>> place("tinynet.optimizers.base.x_clip__mutmut_2"), place("tinynet.losses.xǁCrossEntropyǁ_check__mutmut_4")
    ('optimizers.base.clip', 'losses.CrossEntropy._check')
    """
    module, _, function = mutant.partition(".")[2].rpartition("__mutmut_")[0].rpartition(".")
    return f"{module}.{function[2:].replace('ǁ', '.')}"


def change(diff: str) -> str:
    """Return the lines that a diff adds, as one.

    >>> change("--- a\\n+++ b\\n@@ -1,2 +1,2 @@\\n-if share < 1:\\n+    if share <= 1:\\n     pass")
    'if share <= 1:'
    """
    added = (line[1:].strip() for line in diff.splitlines()[2:] if line.startswith("+"))
    return " ".join(line for line in added if line)


def score(count: Counter[str]) -> float:
    """Return how many percent of the mutants were killed.

    >>> score(Counter(killed=18, timeout=1, explained=1)), score(Counter())
    (95.0, 0.0)
    """
    return 100 * sum(count[status] for status in KILLED) / max(1, sum(count.values()))


def main() -> int:
    """Print what is not explained and a table of the packages; return 1 if that is not good enough, else 0."""
    import tomllib
    from mutmut.mutation.data import SourceFileMutationData
    from mutmut.mutation.diff_apply import get_diff_for_mutant
    from mutmut.stats import status_by_exit_code
    from mutmut.utils.file_utils import walk_mutatable_files

    reasons = tomllib.loads(Path(__file__).with_name("survivors.toml").read_text(encoding="utf-8"))
    unused = {(where, what) for where, changes in reasons.items() for what in changes}
    counts: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for path in sorted(walk_mutatable_files()):
        data = SourceFileMutationData(path=path)
        data.load()
        package = path.with_suffix("").parts[2]  # src/tinynet/PACKAGE
        for mutant, exit_code in data.exit_code_by_key.items():
            status = status_by_exit_code[exit_code]
            if status == "timeout":
                print(f"timeout: {mutant}")
            if status not in KILLED:
                diff = get_diff_for_mutant(mutant, path=path)
                where, what = place(mutant), change(diff)
                unused -= {(where, what), (where, "*")}
                if status == "survived" and not {what, "*"}.isdisjoint(reasons.get(where, {})):
                    status = "explained"
                else:
                    print(f"\n{status}, unexplained: {mutant}, {where}\n{diff}")
                    status = "unexplained"
            counts[package][status] += 1

    counts["all"] = sum(counts.values(), Counter())
    for where, what in sorted(unused):
        print(f"explained, but killed or no longer there: {where}: {what}")
    print(f"\n{'':12}{'mutants':>9}{'killed':>9}{'timeout':>9}{'explained':>11}{'unexplained':>13}{'score':>9}")
    for package, count in counts.items():
        killed = count["killed"] + count["segfault"]
        print(
            f"{package:12}{count.total():9,}{killed:9,}{count['timeout']:9,}{count['explained']:11,}"
            f"{count['unexplained']:13,}{score(count):8.1f}%"
        )
    return int(score(counts["all"]) < LEAST or counts["all"]["unexplained"] > 0)


if __name__ == "__main__":
    sys.exit(main())
