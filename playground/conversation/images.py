"""Files and data: addresses -> Images that every vendor takes, or what is wrong with them. Pure; fetches nothing."""

from __future__ import annotations

import base64
import binascii
import re
import warnings
from collections.abc import Sequence
from io import BytesIO

from ..errors import ProviderError
from ..types import Image

# The strictest of the vendors' limits: 5 MB and 8,000 pixels a side are Anthropic's; 20 in a request are its too.
MOST_BYTES = 5_000_000
MOST_PIXELS = 8_000
MOST_IMAGES = 20
# Together they must stay under the 20 MB that Gemini takes in one request, base64 included.
MOST_TOGETHER = 14_000_000
MAGIC = {
    "image/png": (0, b"\x89PNG\r\n\x1a\n"),
    "image/jpeg": (0, b"\xff\xd8\xff"),
    "image/gif": (0, b"GIF8"),
    "image/webp": (8, b"WEBP"),
}
# A JPEG of several pictures, as some cameras write it, is MPO to Pillow.
FORMATS = {"PNG": "image/png", "JPEG": "image/jpeg", "MPO": "image/jpeg", "GIF": "image/gif", "WEBP": "image/webp"}
DATA_ADDRESS = re.compile(r"data:([\w.+-]+/[\w.+-]+)?(?:;[\w=.+-]+)*?(;base64)?,", re.ASCII)


def image_of(data: bytes, name: str = "The image") -> Image:
    """The picture in a file, by its content; `name` is how errors call it.

    Raises ProviderError `bad_request` for what is too large, of another type, or only claims to be a picture.
    """
    if len(data) > MOST_BYTES:
        raise _refused(f"{name} is {len(data) / 1e6:,.1f} MB; at most {MOST_BYTES / 1e6:g} MB can be sent: shrink it.")
    media_type = next((kind for kind, (at, magic) in MAGIC.items() if data[at : at + len(magic)] == magic), None)
    size = _size(data, media_type) if media_type else None
    if media_type is None or size is None:
        raise _refused(f"{name} is not a PNG, JPEG, WebP or GIF image, whatever its name: convert or remove it.")
    if max(size) > MOST_PIXELS:
        raise _refused(f"{name} is more than {MOST_PIXELS:,} pixels wide or high: shrink it.")
    return Image(media_type, data, *size)


def image_at(address: str, name: str = "The image") -> Image:
    """The picture in a `data:` address. No other address is taken: fetching one would let a caller make the server
    ask for anything it can reach. Raises as `image_of` does."""
    head = DATA_ADDRESS.match(address)
    if head is None or not head[2]:
        raise _refused(f"{name}: only data: addresses with base64 are accepted, such as data:image/png;base64,...")
    if len(address) > MOST_BYTES * 3 // 2:
        raise _refused(f"{name} is larger than {MOST_BYTES / 1e6:g} MB: shrink it.")
    try:
        data = base64.b64decode(address[head.end() :], validate=True)
    except (binascii.Error, ValueError):
        raise _refused(f"{name}: its data is not base64.") from None
    return image_of(data, name)


def check_together(images: Sequence[Image]) -> None:
    """Raises ProviderError `bad_request` for more than one request can hold."""
    if len(images) > MOST_IMAGES:
        raise _refused(f"There are {len(images)} images in all; at most {MOST_IMAGES} can be sent: remove some.")
    if (size := sum(len(image.data) for image in images)) > MOST_TOGETHER:
        most = f"{MOST_TOGETHER / 1e6:g} MB"
        raise _refused(f"The images in all are {size / 1e6:,.1f} MB; at most {most} can be sent: remove some.")


def _size(data: bytes, media_type: str) -> tuple[int, int] | None:
    """Width and height, once the whole structure has been checked; nothing is decoded. None for what is broken."""
    from PIL import Image as Pillow  # late: only those who send a picture wait for it

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Pillow.DecompressionBombWarning)
            with Pillow.open(BytesIO(data), formats=("PNG", "JPEG", "GIF", "WEBP")) as picture:
                size, kind = picture.size, FORMATS.get(picture.format or "")
                picture.verify()
    except Pillow.DecompressionBombError:  # a few bytes that claim to be millions of pixels
        return MOST_PIXELS + 1, MOST_PIXELS + 1
    except Exception:  # Pillow raises what its readers happen to stumble over
        return None
    return size if kind == media_type else None


def _refused(text: str) -> ProviderError:
    return ProviderError("bad_request", text)
