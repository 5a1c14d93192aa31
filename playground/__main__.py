"""The command line beside the page: `python -m playground --help`. Parses and prints; decides nothing."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from .errors import ConfigError, PlaygroundError

if TYPE_CHECKING:
    from .arena.votes import Votes

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # as in app.py

MOST_JUDGED = 1_000_000
FILE = "JSONL with model_a, model_b, winner (arena-140k, FastChat), a JSON array, or Parquet; - reads standard input"


def main(argv: list[str] | None = None) -> int:
    """Runs one command; returns the exit status: 0, or 2 with the reason on standard error, 130 after Ctrl-C."""
    arguments = _parser().parse_args(argv)
    command: Callable[[argparse.Namespace], int] = arguments.command
    try:
        return command(arguments)
    except ConfigError as error:
        print("The configuration cannot be used:", *error.problems, sep="\n  - ", file=sys.stderr)
    except PlaygroundError as error:
        print(error, file=sys.stderr)
    except BrokenPipeError:  # whoever reads has seen enough
        sys.stderr.close()
        return 0
    return 2


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m playground", description="Votes: rank, compare, import, export, judge."
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    rank = commands.add_parser("leaderboard", help="rank the votes of any file, without a database")
    rank.add_argument("file", metavar="FILE", help=FILE)
    rank.add_argument("--ties", choices=("half", "drop", "davidson"), default="half", help="default: half a win each")
    rank.add_argument(
        "--prior",
        type=float,
        default=0.5,
        help="strength of the prior, in phantom battles of each contender (default 0.5)",
    )
    rank.add_argument("--json", action="store_true", help="print the object of GET /leaderboard")
    rank.set_defaults(command=_leaderboard)

    compare = commands.add_parser("verdict", help="which of two contenders is better, however often you look")
    compare.add_argument("file", metavar="FILE", help=FILE)
    compare.add_argument("a", metavar="A", help="name of one contender, as in the file")
    compare.add_argument("b", metavar="B", help="name of the other")
    compare.add_argument("--json", action="store_true", help="print the object of GET /verdict")
    compare.set_defaults(command=_verdict)

    take = commands.add_parser("import", help="put the votes of a file into the database; those already there stay")
    take.add_argument("file", metavar="FILE", help=FILE)
    take.set_defaults(command=_import)

    give = commands.add_parser("export", help="write the votes of the database")
    give.add_argument("--format", choices=("trl", "kto", "dpo", "arena", "csv"), required=True)
    give.add_argument("--output", metavar="FILE", default="-", help="default: standard output; .parquet needs DuckDB")
    give.set_defaults(command=_export)

    label = commands.add_parser("judge", help="let a model judge finished battles, on a board of its own")
    label.add_argument("--model", metavar="M", required=True, help="id of the model, as in GET /models")
    label.add_argument("--limit", type=_at_least_one, metavar="N", default=100, help="battles at most (default 100)")
    label.add_argument("--dry-run", action="store_true", help="print what it would take, and stop")
    label.add_argument("--yes", action="store_true", help="start without asking")
    label.set_defaults(command=_judge)
    return parser


def _at_least_one(written: str) -> int:
    if not written.isdecimal() or not 1 <= int(written) <= MOST_JUDGED:
        raise argparse.ArgumentTypeError(f"must be a whole number from 1 to {MOST_JUDGED:,}, not {written!r:.40}")
    return int(written)


def _leaderboard(arguments: argparse.Namespace) -> int:
    from .arena.leaderboard import leaderboard
    from .arena.published import leaderboard_json, leaderboard_text
    from .arena.ratings import Options
    from .arena.votefile import count_votes

    options = Options(arguments.ties, arguments.prior)
    board = leaderboard(count_votes(arguments.file), options)
    if arguments.json:
        names = [one.contender for one in board.ratings] + list(board.unmet)
        print(json.dumps(leaderboard_json(board, dict(zip(names, names, strict=True))), allow_nan=False))
    else:
        print(leaderboard_text(board))
    return 0


def _verdict(arguments: argparse.Namespace) -> int:
    from .arena.published import verdict_json, verdict_text
    from .arena.verdict import verdict_between
    from .arena.votefile import count_votes

    found = verdict_between(count_votes(arguments.file), arguments.a, arguments.b)
    if arguments.json:
        print(json.dumps(verdict_json(found), allow_nan=False))
    else:
        print(verdict_text(found, arguments.a, arguments.b))
    return 0


def _import(arguments: argparse.Namespace) -> int:
    from .arena.exchange import import_votes

    with _store() as votes:
        new, known = import_votes(votes, arguments.file)
    print(f"{new:,} votes imported, {known:,} were already there.")
    return 0


def _export(arguments: argparse.Namespace) -> int:
    from .arena.exchange import export_votes

    with _store() as votes:
        written = export_votes(votes, arguments.format, arguments.output)
    print(f"{written:,} lines written.", file=sys.stderr)
    return 0


def _judge(arguments: argparse.Namespace) -> int:
    from .judge_command import run

    return run(arguments)


@contextmanager
def _store() -> Generator[Votes]:
    from .settings import load_settings
    from .stored import open_votes

    votes = open_votes(load_settings(), beside=True)
    try:
        yield votes
    finally:
        votes.close()


if __name__ == "__main__":
    sys.exit(main())
