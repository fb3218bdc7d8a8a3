"""Pictures: drawn anew, so that nothing is kept of what was sent but its pixels: no place, no camera, no second file behind it."""

from __future__ import annotations

import io
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, BinaryIO, cast

from PIL import Image, ImageOps, ImageSequence

from webapp.files.values import LONGEST_SIDE, Drawn, MediaType, Size
from webapp.kit.errors import Invalid, Unavailable

MOST_PIXELS = 40_000_000
"""Of all frames together: four bytes each while it is drawn, and as much again while it is turned."""
LONGEST = 20_000
MOST_FRAMES = 300
PATIENCE = 30
ONE_AT_A_TIME = threading.BoundedSemaphore(1)
"""A process draws one picture at a time: memory is for one, however many are sent."""
BROKEN = "This picture is broken: it cannot be drawn to its end."
TOO_LARGE = f"This picture has more than {MOST_PIXELS // 10**6} million pixels, or a side of more than {LONGEST:,}."
TOO_LONG = f"This picture moves for too long: {MOST_FRAMES} frames at most, and {MOST_PIXELS * 2 // 10**6} million pixels in all."
KEPT = ("transparency", "duration", "loop", "background")
SETTINGS: dict[MediaType, dict[str, Any]] = {
    MediaType.PNG: {"optimize": False}, MediaType.JPEG: {"quality": 90, "progressive": True}, MediaType.GIF: {},
    MediaType.WEBP: {"quality": 90, "method": 4}}


@contextmanager
def _drawing() -> Iterator[None]:
    if not ONE_AT_A_TIME.acquire(timeout=PATIENCE):
        raise Unavailable("Too many pictures are being drawn. Try again soon.")
    try:
        yield
    except Invalid:
        raise
    except (OSError, ValueError, SyntaxError, EOFError, MemoryError, Image.DecompressionBombError) as problem:
        raise Invalid.at("file", BROKEN) from problem
    finally:
        ONE_AT_A_TIME.release()


def redrawn(file: BinaryIO, media_type: MediaType) -> tuple[Drawn, dict[Size, Drawn]]:
    """A picture drawn anew, as it is meant to be held, and its smaller sizes; Invalid at `file` for a broken or a monstrous one."""
    with _drawing():
        file.seek(0)
        with Image.open(file, formats=[media_type.name]) as picture:
            frames = _refuse_monsters(picture)
            if frames > 1:
                whole = _animated(picture, media_type)
                picture.seek(0)
            picture.load()
            first = _plain(ImageOps.exif_transpose(picture))
            if frames == 1:
                whole = _saved(first, media_type)
        return whole, {size: _smaller(first, size) for size in Size}


def _refuse_monsters(picture: Image.Image) -> int:
    """How many frames it has; Invalid before any of them is decoded where they would take too much memory."""
    width, height = picture.size
    if not (0 < width <= LONGEST and 0 < height <= LONGEST) or width * height > MOST_PIXELS:
        raise Invalid.at("file", TOO_LARGE)
    frames = int(getattr(picture, "n_frames", 1))
    if frames > MOST_FRAMES or frames * width * height > MOST_PIXELS * 2:
        raise Invalid.at("file", TOO_LONG)
    return frames


def _plain(picture: Image.Image) -> Image.Image:
    """Its pixels, with no more said of them than is needed to draw them."""
    picture.info = {name: picture.info[name] for name in KEPT if name in picture.info}
    return picture


def _saved(picture: Image.Image, media_type: MediaType, **more: Any) -> Drawn:
    made = tempfile.SpooledTemporaryFile(max_size=2**20)  # noqa: SIM115 (whoever stores it closes it)
    drawn = picture.convert("RGB") if media_type is MediaType.JPEG and picture.mode not in ("RGB", "L") else picture
    if media_type is MediaType.PNG and drawn.mode not in ("1", "L", "LA", "P", "RGB", "RGBA", "I;16"):
        drawn = drawn.convert("RGBA")
    drawn.save(made, media_type.name, **SETTINGS[media_type], **more)
    return Drawn(cast(BinaryIO, made), media_type, *picture.size)


def _animated(picture: Image.Image, media_type: MediaType) -> Drawn:
    frames = [_plain(frame.copy()) for frame in ImageSequence.Iterator(picture)]
    shown = {name: picture.info[name] for name in ("duration", "loop") if name in picture.info}
    if media_type not in (MediaType.GIF, MediaType.WEBP):
        return _saved(frames[0], media_type)
    return _saved(frames[0], media_type, save_all=True, append_images=frames[1:], **shown)


def _smaller(picture: Image.Image, size: Size) -> Drawn:
    """The picture within a square, never enlarged, as WebP."""
    side = LONGEST_SIDE[size]
    has_holes = picture.mode in ("RGBA", "LA", "PA") or "transparency" in picture.info
    drawn = picture.convert("RGBA" if has_holes else "RGB")
    drawn.thumbnail((side, side), Image.Resampling.LANCZOS)
    drawn.info = {}
    made = io.BytesIO()
    drawn.save(made, "WEBP", quality=80, method=4)
    return Drawn(made, MediaType.WEBP, *drawn.size)
