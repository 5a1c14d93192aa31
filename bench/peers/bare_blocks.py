"""The least that asks a model on a Gradio page: one text box, one chatbot or an arena's two, and the bare SDK behind.

No limits, no budget, no draw; nothing is written down or held back. It updates as often as our page does with as many
readers.
"""

import argparse
import asyncio
import os

import gradio as gr
from openai import AsyncOpenAI

from playground.ui.pacing import Pace

parser = argparse.ArgumentParser()
parser.add_argument("--port", type=int, required=True)
CHATBOTS = int(os.environ.get("BENCH_CHATBOTS", "1"))
client = AsyncOpenAI(base_url=os.environ["OPENAI_BASE_URL"], api_key="bench", max_retries=0)
pace = Pace()


async def answer(message):
    said = [""] * CHATBOTS

    async def read(side):
        asked = [{"role": "user", "content": message}]
        async for chunk in await client.chat.completions.create(model="bench", messages=asked, stream=True):
            if chunk.choices:
                said[side] += chunk.choices[0].delta.content or ""

    running = {asyncio.ensure_future(read(side)) for side in range(CHATBOTS)}
    with pace.sharing():
        while running:
            _, running = await asyncio.wait(running, timeout=pace.interval_s())
            turns = [[{"role": "user", "content": message}, {"role": "assistant", "content": text}] for text in said]
            yield turns[0] if CHATBOTS == 1 else turns


with gr.Blocks() as page:
    chatbots = [gr.Chatbot() for _ in range(CHATBOTS)]
    box = gr.Textbox()
    box.submit(answer, box, chatbots, concurrency_limit=None)
page.launch(server_port=parser.parse_args().port, quiet=True, max_threads=400)
