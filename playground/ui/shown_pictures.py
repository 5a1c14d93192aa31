"""Pictures as a chatbot shows them: files in Gradio's cache, named by their content. Knows no conversation."""

from __future__ import annotations

from typing import Any

from gradio.context import LocalContext
from gradio.processing_utils import save_bytes_to_cache
from gradio.utils import get_upload_folder

from ..types import Image


def picture_block(image: Image) -> dict[str, Any]:
    """A block of a chatbot message. The file is written anew if somebody has cleared the cache."""
    return {"type": "file", "file": {"path": picture_file(image), "mime_type": image.media_type}}


def picture_file(image: Image) -> str:
    """The path of a file that holds the picture, as a text box takes it."""
    name = f"image.{image.media_type.partition('/')[2]}"
    path = save_bytes_to_cache(image.data, name, cache_dir=get_upload_folder())
    page: Any = LocalContext.blocks.get(None)
    if page is not None:  # what the page knows of it deletes in time
        page.upload_file_set.add(path)
    return path
