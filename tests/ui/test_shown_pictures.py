"""Files of pictures go in time, and are there again when they are shown."""

from pathlib import Path

import gradio as gr
from gradio.context import LocalContext
from gradio.route_utils import delete_files_created_by_app

from playground.types import Image
from playground.ui.shown_pictures import picture_file


def test_the_file_of_a_picture_is_deleted_with_the_uploads_and_written_anew():
    page = gr.Blocks()
    image = Image("image/png", b"a picture of its own", 1, 1)
    token = LocalContext.blocks.set(page)
    try:
        path = Path(picture_file(image))
        assert path.read_bytes() == image.data
        delete_files_created_by_app(page, age=3600)
        assert path.exists(), "it is younger than that"
        delete_files_created_by_app(page, age=0)
        assert not path.exists()
        assert Path(picture_file(image)) == path and path.exists()
    finally:
        LocalContext.blocks.reset(token)
        path.unlink(missing_ok=True)
