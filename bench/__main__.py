"""`python -m bench`: runs every benchmark and prints a table, or JSON with --json."""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import asdict

from . import arena, chat, embedded, lab, leaderboard, start, streams, sweeps

BENCHMARKS = (start, streams, chat, arena, leaderboard, lab, embedded, sweeps)


def main() -> int:
    """Exit status 0 whether goals hold or not: a benchmark reports, it does not judge."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--full", action="store_true", help="more repetitions")
    parser.add_argument(
        "--json", action="store_true", help='print a list of {"name", "value", "unit", "goal", "holds"}'
    )
    arguments = parser.parse_args()
    results = []
    for benchmark in BENCHMARKS:
        print(f"{benchmark.__name__} ...", file=sys.stderr)
        results += benchmark.run(full=arguments.full)
    if arguments.json:
        print(json.dumps([{**asdict(result), "holds": result.holds} for result in results], indent=2))
        return 0
    for result in results:
        mark = "" if result.holds is None else ("holds" if result.holds else "MISSED")
        print(f"{result.name:<58} {result.value:>9.2f} {result.unit:<8} {result.goal:<12} {mark}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
