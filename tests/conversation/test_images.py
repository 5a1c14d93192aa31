"""Pictures: only what is one goes in, and it counts as the vendors publish it."""

import base64
import struct
import zlib

import pytest

from playground.conversation.images import MOST_IMAGES, MOST_TOGETHER, check_together, image_at, image_of
from playground.errors import ProviderError
from playground.models.catalog import load_catalog
from playground.models.image_tokens import image_tokens
from playground.models.tokens import count_messages, sizes
from playground.settings import load_settings
from playground.types import Image, Message

from ..pictures import GIF, JPEG, PNG, WEBP, drawn

CATALOG = load_catalog(load_settings({}))


def refusal(call, *arguments):
    with pytest.raises(ProviderError) as caught:
        call(*arguments)
    assert caught.value.kind == "bad_request"
    return caught.value.message


def png_of(width, height):
    """A PNG that says it is of that size, whatever it holds."""

    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + head + chunk(b"IDAT", zlib.compress(b"\x00")) + chunk(b"IEND", b"")


@pytest.mark.parametrize(
    ("image", "media_type"),
    [(PNG, "image/png"), (JPEG, "image/jpeg"), (GIF, "image/gif"), (WEBP, "image/webp")],
    ids=lambda each: each if isinstance(each, str) else "",
)
def test_the_four_kinds_are_known_by_their_content(image, media_type):
    assert (image.media_type, image.width, image.height) == (media_type, 40, 30)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"Hello",
        b"\x89PNG\r\n\x1a\n" + b"x" * 100,
        b"\xff\xd8\xff",
        b"GIF89a",
        b"RIFF\0\0\0\0WEBPxx",
        b"BM" * 50,
        drawn("PNG")[:60],
        b"<svg xmlns='http://www.w3.org/2000/svg'/>",
        drawn("BMP"),
        drawn("TIFF"),
    ],
)
def test_a_file_that_only_claims_to_be_a_picture_is_refused_by_name(data):
    assert "photo.png is not a PNG, JPEG, WebP or GIF image" in refusal(image_of, data, "photo.png")


def test_what_is_too_large_is_refused_with_its_size():
    assert "200.0 MB; at most 5 MB" in refusal(image_of, bytes(200_000_000), "huge.png")
    assert "more than 8,000 pixels" in refusal(image_of, png_of(9_000, 10), "wide.png")
    assert "more than 8,000 pixels" in refusal(image_of, png_of(100_000, 100_000), "bomb.png")


def test_one_request_holds_so_many_and_so_much():
    check_together([PNG] * MOST_IMAGES)
    assert "21 images" in refusal(check_together, [PNG] * (MOST_IMAGES + 1))
    big = Image("image/png", bytes(MOST_TOGETHER // 2 + 1), 10, 10)
    assert "at most" in refusal(check_together, [big, big])


def test_a_data_address_is_taken_and_no_other():
    address = f"data:image/png;base64,{base64.b64encode(PNG.data).decode()}"
    assert image_at(address) == PNG
    # What it claims to be does not count: the content does.
    assert image_at(address.replace("png", "gif")) == PNG
    for other in (
        "http://127.0.0.1/x.png",
        "https://example.org/x.png",
        "file:///etc/passwd",
        "data:image/png,abc",
        "",
    ):
        assert "only data: addresses" in refusal(image_at, other)
    assert "not base64" in refusal(image_at, "data:image/png;base64,????")


# By hand: 1024 x 1024 is shrunk to 768 x 768, which is 2 x 2 tiles; 2048 x 4096 to 768 x 1536, which is 2 x 3; both are
# the examples of OpenAI's guide.
@pytest.mark.parametrize(
    ("model", "width", "height", "expected"),
    [
        ("gpt-4o", 1024, 1024, 85 + 4 * 170),
        ("gpt-4o", 2048, 4096, 85 + 6 * 170),
        ("gpt-4o", 10, 10, 85 + 170),
        ("gpt-5.4", 1024, 1024, 70 + 4 * 140),
        ("claude-opus-5-5", 750, 1000, 1000),
        ("claude-opus-5-5", 3136, 1568, 1640),
        ("gemini-2.5-flash", 384, 384, 258),
        ("gemini-2.5-flash", 960, 540, 2 * 258),
        ("gemini-3.8-flash", 4000, 3000, 1120),
        ("Qwen/Qwen3.8-27B", 4000, 3000, 1000),
    ],
)
def test_a_picture_counts_as_the_vendor_publishes(model, width, height, expected):
    assert image_tokens(CATALOG.get(model).family, Image("image/png", b"", width, height)) == expected


def test_pictures_are_in_the_count_of_a_conversation_and_make_it_an_estimate():
    model = CATALOG.get("gpt-4o")
    plain, seeing = [Message("user", "Hi")], [Message("user", "Hi", (PNG,))]
    assert sum(sizes(model, seeing)) == sum(sizes(model, plain)) + 255
    assert count_messages(model, plain).exact
    assert not count_messages(model, seeing).exact
