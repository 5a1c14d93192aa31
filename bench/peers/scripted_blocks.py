"""The least that streams on a Gradio page: one text box, one chatbot, and words that come from nowhere.

No model server, no limits, no budget: what this takes beyond the ideal is the framework's own, and no app on it can
take less. It updates as often as our page does with as many readers, and begins and ends with the same words.
"""

import argparse
import asyncio
import time

import gradio as gr

from bench.load.upstream import text_of
from playground.ui.pacing import Pace

parser = argparse.ArgumentParser()
parser.add_argument("--port", type=int, required=True)
WORDS, RATE = text_of(150), 50
pace = Pace()


async def answer(message):
    began = time.perf_counter()
    with pace.sharing():
        shown = 1
        while True:
            yield [
                {"role": "user", "content": message},
                {"role": "assistant", "content": "".join(WORDS[:shown])},
            ]
            if shown == len(WORDS):
                return
            left_s = began + len(WORDS) / RATE - time.perf_counter()
            await asyncio.sleep(min(pace.interval_s(), max(left_s, 0)))
            shown = min(int((time.perf_counter() - began) * RATE) + 1, len(WORDS))


with gr.Blocks() as page:
    chatbot = gr.Chatbot()
    box = gr.Textbox()
    box.submit(answer, box, chatbot, concurrency_limit=None)
page.launch(server_port=parser.parse_args().port, quiet=True, max_threads=400)
