"""`python -m bench`: runs every benchmark and prints a table, or JSON with --json."""

from __future__ import annotations

import argparse
import json
import sys
import time
from dataclasses import asdict

from . import arena, chat, embedded, lab, leaderboard, limits, report, soak, start, streams, sweeps

BENCHMARKS = {
    module.__name__.rpartition(".")[2]: module
    for module in (start, streams, limits, chat, arena, leaderboard, lab, embedded, sweeps, soak)
}
# What a quick run leaves out, because it takes long and seldom changes; and what runs only if it is named.
LONG = {"chat", "limits", "sweeps"}
ONLY_IF_NAMED = {"soak"}


def main(argv: list[str] | None = None) -> int:
    """Exit status 0 whether goals hold or not: a benchmark reports, it does not judge."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"only these of: {', '.join(BENCHMARKS)}")
    parser.add_argument("--full", action="store_true", help="more streams and more repetitions")
    parser.add_argument("--all", action="store_true", help=f"also {', '.join(sorted(LONG))}, in their quick variants")
    parser.add_argument(
        "--json", action="store_true", help='print a list of {"name", "value", "unit", "goal", "holds"}'
    )
    arguments = parser.parse_args(argv)
    if unknown := set(arguments.names) - set(BENCHMARKS):
        parser.error(f"no benchmark is called {', '.join(sorted(unknown))}: choose among {', '.join(BENCHMARKS)}")
    results = []
    left_out = ONLY_IF_NAMED | (set() if arguments.full or arguments.all else LONG)
    for name, benchmark in BENCHMARKS.items():
        if name not in (arguments.names or BENCHMARKS.keys() - left_out):
            continue
        began = time.perf_counter()
        print(f"{name} ...", file=sys.stderr, end=" ", flush=True)
        results += benchmark.run(full=arguments.full)
        print(f"{time.perf_counter() - began:.0f} s", file=sys.stderr)
    if arguments.json:
        print(json.dumps([{**asdict(result), "holds": result.holds} for result in results], indent=2))
    else:
        print(report.table(results))
    if not arguments.names:  # a part of them is no picture of the whole
        option = " --full" if arguments.full else " --all" if arguments.all else ""
        report.write(results, command=f"python -m bench{option}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
