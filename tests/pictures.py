"""Small real pictures, made here: nothing is read from disk."""

from io import BytesIO

from PIL import Image as Pillow

from playground.conversation.images import image_of


def drawn(kind: str, width: int = 40, height: int = 30) -> bytes:
    """A picture file with a little something in it."""
    picture = Pillow.new("RGB", (width, height), (200, 60, 40))
    picture.putpixel((1, 1), (0, 0, 0))
    file = BytesIO()
    picture.save(file, kind)
    return file.getvalue()


PNG, JPEG, GIF, WEBP = (image_of(drawn(kind)) for kind in ("PNG", "JPEG", "GIF", "WEBP"))
