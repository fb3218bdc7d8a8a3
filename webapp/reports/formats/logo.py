"""Logos: what somebody sends is decoded and drawn anew as a small PNG, so that nothing else of it is kept or ever sent on."""

from __future__ import annotations

import base64
import binascii
import io
import re

MOST_BYTES = 512 * 1024
MOST_PIXELS = 4000 * 4000
BOX = (900, 300)
"""The largest width and height that a logo is kept in; smaller ones stay as they are."""
DATA = re.compile(r"\Adata:image/[a-z.+-]{1,20};base64,")
NO_LOGO = "Not a PNG or JPEG of at most 512 KB. SVG is not taken: it can hold scripts and addresses."


class NotALogo(ValueError):
    """What was sent is no picture that is taken; the message is a sentence for people."""


def logo_of(text: str) -> bytes:
    """The PNG that is kept of a logo in base64 (with or without `data:image/png;base64,` before it); NotALogo for anything else."""
    try:
        raw = base64.b64decode(DATA.sub("", text.strip()), validate=True)
    except (binascii.Error, ValueError):
        raise NotALogo(NO_LOGO) from None
    return redrawn(raw)


def redrawn(raw: bytes) -> bytes:
    """A PNG with the pixels of a PNG or JPEG, and nothing else of it; NotALogo for what cannot be read."""
    from PIL import Image

    if not raw or len(raw) > MOST_BYTES:
        raise NotALogo(NO_LOGO)
    try:
        with Image.open(io.BytesIO(raw), formats=("PNG", "JPEG")) as picture:
            if picture.width * picture.height > MOST_PIXELS:
                raise NotALogo(f"A logo has at most {MOST_PIXELS:,} pixels.")
            drawn = picture.convert("RGBA")
            drawn.thumbnail(BOX)
            plain = Image.frombytes("RGBA", drawn.size, drawn.tobytes())
    except NotALogo:
        raise
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        raise NotALogo(NO_LOGO) from None
    made = io.BytesIO()
    plain.save(made, "PNG", optimize=True)
    return made.getvalue()
