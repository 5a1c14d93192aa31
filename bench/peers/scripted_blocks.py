"""The least that streams on a Gradio page: one text box, one chatbot or an arena's two, and words from nowhere.

No model server, no limits, no budget: what this takes beyond the ideal is the framework's own, and no app on it can
take less. It updates as often as our page does with as many readers, and begins and ends with the same words.
"""

import argparse
import asyncio
import os
import time

import gradio as gr

from bench.load.upstream import text_of
from playground.ui.pacing import Pace

parser = argparse.ArgumentParser()
parser.add_argument("--port", type=int, required=True)
CHATBOTS = int(os.environ.get("BENCH_CHATBOTS", "1"))
WORDS, RATE = text_of(150), 50
pace = Pace()


async def answer(message):
    began = time.perf_counter()
    with pace.sharing():
        shown = 1
        while True:
            turn = [
                {"role": "user", "content": message},
                {"role": "assistant", "content": "".join(WORDS[:shown])},
            ]
            yield turn if CHATBOTS == 1 else [turn] * CHATBOTS
            if shown == len(WORDS):
                return
            left_s = began + len(WORDS) / RATE - time.perf_counter()
            await asyncio.sleep(min(pace.interval_s(), max(left_s, 0)))
            shown = min(int((time.perf_counter() - began) * RATE) + 1, len(WORDS))


with gr.Blocks() as page:
    chatbots = [gr.Chatbot() for _ in range(CHATBOTS)]
    box = gr.Textbox()
    box.submit(answer, box, chatbots, concurrency_limit=None)
page.launch(server_port=parser.parse_args().port, quiet=True, max_threads=400)
