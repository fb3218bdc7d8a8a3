"""What a file is, by its content alone; what is not on the list is refused with a word for what it seems to be."""

from __future__ import annotations

from typing import BinaryIO

from webapp.files.formats.texts import read_text
from webapp.files.values import TAKEN, Content, MediaType, Said, TextState
from webapp.kit.errors import Invalid

MAGIC = {b"\x89PNG\r\n\x1a\n": MediaType.PNG, b"\xff\xd8\xff": MediaType.JPEG, b"GIF87a": MediaType.GIF, b"GIF89a": MediaType.GIF,
         b"%PDF-": MediaType.PDF}
REFUSED = {
    b"PK\x03\x04": "an archive (Word and Excel files are archives too)", b"PK\x05\x06": "an archive", b"\x1f\x8b": "an archive",
    b"7z\xbc\xaf\x27\x1c": "an archive", b"Rar!": "an archive", b"BZh": "an archive", b"\xfd7zXZ\x00": "an archive",
    b"\x28\xb5\x2f\xfd": "an archive", b"\xd0\xcf\x11\xe0": "an old Office file", b"MZ": "a program", b"\x7fELF": "a program",
    b"\xca\xfe\xba\xbe": "a program", b"\xcf\xfa\xed\xfe": "a program", b"\xfe\xed\xfa": "a program", b"\x00asm": "a program",
    b"SQLite format 3\x00": "a database", b"II*\x00": "a TIFF picture", b"MM\x00*": "a TIFF picture", b"BM": "a BMP picture",
    b"\x00\x00\x01\x00": "an icon", b"%!PS": "PostScript", b"{\\rtf": "an RTF document", b"ID3": "a sound", b"OggS": "a sound or film",
}


def refused(what: str) -> Invalid:
    return Invalid.at("file", f"This is {what}, which is not taken. Taken are {TAKEN}, whatever the file is called.")


def read_content(file: BinaryIO, name: str, size: int) -> Content:
    """What a file is and says; Invalid at `file` for what is not taken. Pictures are only told apart here, PDF is not opened yet.

    `name` decides between CSV and plain text, where the content may be either.
    """
    if size == 0:
        raise Invalid.at("file", "This file is empty.")
    file.seek(0)
    start = file.read(32)
    file.seek(0)
    found = next((kind for magic, kind in MAGIC.items() if start.startswith(magic)), None)
    if start[:4] == b"RIFF" and start[8:12] == b"WEBP":
        found = MediaType.WEBP
    if found is not None:
        return Content(found, Said(TextState.WAITING if found is MediaType.PDF else TextState.NONE))
    for magic, what in REFUSED.items():
        if start.startswith(magic) and not (magic in (b"MZ", b"BM", b"ID3", b"BZh") and start.isascii() and b"\0" not in start):
            raise refused(what)
    return read_text(file, name, size)
