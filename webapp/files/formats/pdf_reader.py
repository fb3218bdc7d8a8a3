"""A program of its own: reads the text of a PDF and ends. Whoever calls it waits for so long and no longer.

PDF is a language; a few hundred bytes of it can ask for all memory there is, or for ever. So it is read in a process that the system
stops when it takes too much, with nothing of Patchboard in it: no settings, no database. `python -I pdf_reader.py FILE` prints JSON.
"""

import json
import logging
import resource
import sys
from typing import Any

MEMORY, SECONDS = 768 * 1024 * 1024, 20
PAGES, CHARACTERS = 200, 100_000


def main(path: str) -> dict[str, Any]:
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    logging.disable(logging.CRITICAL)
    from pypdf import PdfReader
    from pypdf.errors import FileNotDecryptedError, WrongPasswordError

    try:
        reader = PdfReader(path, strict=False)
        if reader.is_encrypted and not reader.decrypt(""):
            return {"state": "unreadable", "note": "encrypted"}
        pages, found, length = len(reader.pages), [], 0
        for number in range(min(pages, PAGES)):
            found.append(reader.pages[number].extract_text())
            length += len(found[-1])
            if length > CHARACTERS:
                break
        return {"state": "read", "text": "\n".join(found)[:CHARACTERS + 1], "is_whole": len(found) == pages}
    except (FileNotDecryptedError, WrongPasswordError):
        return {"state": "unreadable", "note": "encrypted"}
    except MemoryError:
        return {"state": "unreadable", "note": "large"}
    except Exception:  # whatever a broken file does to the reader, it is the file that is broken
        return {"state": "unreadable", "note": "broken"}


if __name__ == "__main__":
    json.dump(main(sys.argv[1]), sys.stdout)
