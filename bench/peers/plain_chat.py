"""A chat page as Gradio's guide shows it: a generator that yields the growing text for each token.

Kinder than the guide: no limit on answers at once, which is 1 by default.
"""

import argparse
import json
import os
from pathlib import Path

import gradio as gr
from openai import OpenAI

parser = argparse.ArgumentParser()
parser.add_argument("--port", type=int, required=True)
client = OpenAI(base_url=os.environ["OPENAI_BASE_URL"], api_key="bench")


def predict(message, history):
    history.append({"role": "user", "content": message})
    stream = client.chat.completions.create(model="bench", messages=history, stream=True)
    partial = ""
    for chunk in stream:
        if chunk.choices:
            partial += chunk.choices[0].delta.content or ""
            yield partial


# What was said before: a file with a list of messages.
said = os.environ.get("BENCH_HISTORY")
chatbot = gr.Chatbot(json.loads(Path(said).read_text("utf-8"))) if said else None
page = gr.ChatInterface(predict, chatbot=chatbot, concurrency_limit=None)
page.launch(server_port=parser.parse_args().port, quiet=True, max_threads=400)
