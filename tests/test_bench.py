"""The benchmarks still run: each server, reader and peer once, small, with what they report. No speed is judged."""

import json

import pytest

from bench import __main__ as command
from bench import report, streams
from bench.load.client import _Clock
from bench.load.drive import playground, upstream
from bench.load.upstream import FIRST_WORD, LAST_WORD
from bench.processes import ROOT, serving
from bench.result import Result


@pytest.fixture(scope="module")
def model():
    with upstream(12, 100) as url:
        yield url


def test_page_arena_http_and_conversation_are_read_to_their_last_word(model, tmp_path):
    with serving(ROOT / "app.py", **playground(tmp_path, model)) as server:
        for way in (streams.PAGE, streams.ARENA, streams.HTTP):
            load = way.load(server, 2)
            assert len(load.seen) == 2
            for seen in load.seen:
                assert 0 < seen.first_s <= seen.last_s
        # The system counts a process's time in steps of 10 ms, which two short streams may not take.
        assert streams.PAGE.load(server, 20).cpu_s > 0
        assert server.memory_mb() > 50


def test_an_answer_is_whole_once_the_last_words_of_all_its_parts_are_there_and_not_when_they_come_again():
    clock = _Clock(answers=2)
    for word in (FIRST_WORD, "sea", LAST_WORD, "sea"):
        clock.note(word.encode())
        assert clock.last is None
    clock.note(json.dumps(LAST_WORD).encode())
    whole = clock.last
    assert whole is not None
    clock.note(LAST_WORD.encode())
    assert clock.last == whole
    seen = clock.seen()
    assert (seen.updates, seen.last_s) == (5, whole - clock.began)
    assert seen.rest_s > seen.last_s


@pytest.mark.parametrize(
    "peer, way",
    [("plain_chat.py", streams.PLAIN), ("article_server.py", streams.HTTP), ("scripted_blocks.py", streams.PLAIN)],
)
def test_each_peer_answers(model, peer, way):
    with serving(streams.PEERS / peer, OPENAI_BASE_URL=f"{model}/v1") as server:
        assert way.load(server, 1).seen[0].updates > 1


def test_every_benchmark_can_be_named_and_others_are_refused(capsys):
    assert set(command.BENCHMARKS) == {
        *("start", "streams", "limits", "chat", "arena", "leaderboard", "lab", "embedded", "sweeps", "soak")
    }
    with pytest.raises(SystemExit):
        command.main(["stream"])
    assert "streams" in capsys.readouterr().err


def test_a_part_is_printed_and_leaves_the_page_of_results_alone(capsys, monkeypatch):
    before = report.PAGE.read_bytes()
    monkeypatch.setitem(command.BENCHMARKS, "lab", _Fixed)
    assert command.main(["lab"]) == 0
    assert "one thing" in capsys.readouterr().out
    assert report.PAGE.read_bytes() == before


class _Fixed:
    @staticmethod
    def run(*, full):
        return [Result("one thing", 2.0, "x", "<= 1")]


def test_a_new_table_keeps_what_was_written_by_hand(tmp_path):
    page = tmp_path / "results.md"
    report.write(
        [Result("one", 1.5, "x", "<= 2"), Result("  two", 3, "ms", ">= 4")], command="python -m bench", page=page
    )
    assert "| &emsp;two | 3.00 ms | >= 4 | missed |" in page.read_text("utf-8")
    page.write_text(page.read_text("utf-8") + "\n## Why\nBecause.\n", "utf-8")
    report.write([Result("one", 9.0, "x", "<= 2")], command="python -m bench --full", page=page)
    text = page.read_text("utf-8")
    assert "| one | 9.00 x | <= 2 | missed |" in text
    assert "two" not in text
    assert "python -m bench --full" in text
    assert text.endswith("## Why\nBecause.\n")
    assert text.count("# Results") == 1
