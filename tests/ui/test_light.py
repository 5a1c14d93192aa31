"""The page's own ways through Gradio lead to the same as Gradio's: values in, values out, sessions."""

import datetime
from types import SimpleNamespace

import anyio
import gradio as gr
import pytest
from gradio.context import LocalContext
from gradio.exceptions import InvalidPathError
from gradio.state_holder import SessionState

from playground.ui import light
from playground.ui.light import AS_IT_IS, LightSession, LightSessions, Page


@pytest.fixture
def page():
    with Page() as page:
        page.box = gr.Textbox("hi", elem_id="box")
        page.choice = gr.Dropdown(["a", "b"], value="a")
        page.number = gr.Number(3, minimum=1, maximum=9)
        page.chat = gr.Chatbot()
        page.files = gr.MultimodalTextbox()
        page.kept = gr.State(0)
        inputs = [page.box, page.choice, page.number, page.files, page.kept]
        page.event = page.box.submit(lambda *_: None, inputs, [page.box, page.choice, page.chat, page.files, page.kept])
    return page


def fn_of(page):
    return page.fns[page.event["id"]] if isinstance(page.event, dict) else next(iter(page.fns.values()))


async def both(page, method, given):
    """(ours, Gradio's own), each with a session of its own."""
    ours = await getattr(page, method)(fn_of(page), given, LightSession(page))
    theirs = await getattr(gr.Blocks, method)(page, fn_of(page), given, SessionState(page))
    return ours, theirs


async def test_a_handler_is_given_what_gradio_would_give(page):
    given = ["text", "b", 4, {"text": "hello", "files": []}, None]
    ours, theirs = await both(page, "preprocess_data", given)
    assert ours == theirs == ["text", "b", 4, {"text": "hello", "files": []}, 0]


@pytest.mark.parametrize("at, forged", [(1, "c"), (2, 10)])
async def test_what_gradio_refuses_is_refused(page, at, forged):
    given = ["text", "b", 4, {"text": "", "files": []}, None]
    given[at] = forged
    for blocks, session in ((page, LightSession(page)), (super(Page, page), SessionState(page))):
        with pytest.raises(gr.Error):
            await blocks.preprocess_data(fn_of(page), list(given), session)


async def test_a_file_that_was_not_uploaded_is_refused_wherever_it_stands(page):
    page.has_launched = True
    LocalContext.blocks.set(page)
    stolen = {"path": "/etc/passwd", "meta": {"_type": "gradio.FileData"}}
    for at, value in ((0, stolen), (3, {"text": "", "files": [stolen]})):
        given = ["text", "b", 4, {"text": "", "files": []}, None]
        given[at] = value
        with pytest.raises(InvalidPathError):
            await page.preprocess_data(fn_of(page), given, LightSession(page))


async def test_what_a_handler_changes_is_sent_as_gradio_sends_it_and_the_rest_stays(page):
    said = [{"role": "assistant", "content": [{"type": "text", "text": "Hello"}]}]
    ours, theirs = await both(page, "postprocess_data", {page.box: "new", page.chat: said, page.kept: 5})
    assert ours == theirs
    assert ours[1] == ours[3] == AS_IT_IS


async def test_looks_and_values_change_together_and_other_changes_reach_the_session(page):
    session = LightSession(page)
    shown = await page.postprocess_data(
        fn_of(page),
        {
            page.files: gr.update(value={"text": "", "files": []}, stop_btn="Stop"),
            page.choice: gr.update(choices=["c"]),
        },
        session,
    )
    assert shown[3]["stop_btn"] == "Stop"
    assert shown[3]["value"]["text"] == ""
    assert shown[1]["choices"] == [["c", "c"]]
    assert [value for _, value in session[page.choice._id].choices] == ["c"]
    assert [value for _, value in page.choice.choices] == ["a", "b"], "another session's choices stay"
    assert page.files._id not in dict.keys(session.blocks_config.blocks), "looks are no reason for a component"
    given = ["text", "c", 4, {"text": "", "files": []}, None]
    assert (await page.preprocess_data(fn_of(page), given, session))[1] == "c"


async def test_a_browser_is_told_the_value_before_what_lets_its_reader_type_or_press_again(page):
    changes = {page.box: gr.update(submit_btn="Send", placeholder="More", value="")}
    shown = await page.postprocess_data(fn_of(page), changes, LightSession(page))
    assert next(iter(shown[0])) == "value" and shown[0] == gr.update(submit_btn="Send", placeholder="More", value="")


async def test_a_stream_is_begun_without_a_thread_and_steps_as_gradio_has_it(monkeypatch):
    seen, threads = [], []

    async def noted(fn, *values, **_):
        threads.append(fn)
        return fn(*values)

    monkeypatch.setattr(anyio.to_thread, "run_sync", noted)

    async def counting(box, session, request: gr.Request, *, more=""):
        seen.append((len(threads), box, more, request, LocalContext.event_id.get(None)))
        yield box + more
        yield "end"

    with Page() as page:
        box, more, kept = gr.Textbox(), gr.Textbox(), gr.State(0)
        box.submit(counting, [box, kept], box, inputs_kwargs={"more": more})
    fn = fn_of(SimpleNamespace(event={"id": next(iter(page.fns))}, fns=page.fns))
    request = gr.Request(username="me")
    for whole in (page, super(Page, page)):
        iterator, told = None, []
        for _ in range(3):
            step = await whole.call_function(fn, ["a", 0, "b"], iterator, request, "event 7", None, True)
            iterator = step["iterator"]
            told.append((step["prediction"], step["is_generating"]))
        assert told[:2] == [("ab", True), ("end", True)]
        assert not told[2][1] and iterator is None
    ours, theirs = seen
    assert ours[1:] == theirs[1:] == ("a", "b", request, "event 7")
    assert (ours[0], theirs[0]) == (0, 1), "Gradio begins it in a thread"


def test_a_session_holds_only_what_is_its_own(page):
    one, other = LightSession(page), LightSession(page)
    one[page.kept._id] = 7
    assert (one[page.kept._id], other[page.kept._id]) == (7, 0)
    assert page.box._id in one
    assert one.get(page.box._id) is page.box
    assert 12345 not in one
    with pytest.raises(KeyError):
        one[12345]
    assert not dict.keys(one.blocks_config.blocks)
    assert one.config_values == {}


def test_closed_pages_are_forgotten_after_a_while_and_open_ones_are_not(page):
    sessions = LightSessions()
    sessions.set_blocks(page)
    assert isinstance(sessions["closed"], LightSession)
    sessions["closed"].is_closed = True
    assert not sessions["open"].is_closed
    sessions.delete_all_expired_state()
    assert set(sessions.session_data) == {"closed", "open"}
    for key in sessions.time_last_used:
        sessions.time_last_used[key] -= light.KEPT_FOR + datetime.timedelta(seconds=1)
    sessions._looked -= light.LOOKED_EVERY * 2
    sessions.delete_all_expired_state()
    assert set(sessions.session_data) == {"open"}


def test_nothing_of_the_real_page_listens_to_a_state():
    """What Page promises in leaving out Gradio's look for such listeners."""
    from playground.compose import compose
    from playground.settings import load_settings
    from playground.ui.blocks import build

    built = build(compose(load_settings({"PLAYGROUND_LOCAL": "off"})))
    states = {key for key, block in built.blocks.items() if isinstance(block, gr.State)}
    assert states
    listening = [fn for fn in built.fns.values() for key, event in fn.targets if key in states and event == "change"]
    assert listening == []
