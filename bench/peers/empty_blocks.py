"""The least that Gradio can serve: an empty page."""

import argparse

import gradio as gr

parser = argparse.ArgumentParser()
parser.add_argument("--port", type=int, required=True)
with gr.Blocks() as page:
    pass
page.launch(server_port=parser.parse_args().port, quiet=True)
