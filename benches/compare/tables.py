"""What the comparisons write: tables in Markdown, between two comments of a document, in both languages."""
import os
import re
import time
from pathlib import Path


def show(value, digits):
    return "-" if value is None else f"{value:,.{digits}f}"


def grid(head, rows, words=1):
    """A table; its first columns are words, the others numbers."""
    return "\n".join("| " + " | ".join(r) + " |" for r in
                     [head, ["---"] * words + ["--:"] * (len(head) - words), *rows]) + "\n"


def machine():
    """Where and when something was measured."""
    cpu = re.search(r"model name\s*: (.*)", Path("/proc/cpuinfo").read_text())
    return (f"{time.strftime('%Y-%m-%d')}, {cpu[1] if cpu else '?'}, {os.cpu_count()} cores, "
            f"Linux {'.'.join(os.uname().release.split('.')[:2])}")


def in_language(where, language):
    """What machine() said, for a document in this language."""
    return where if language == 0 else where.replace(" cores", " 核").replace(", ", "，")


def put(path, name, text):
    """Replace what stands between the two comments of this name."""
    start, end = f"<!-- {name} -->", f"<!-- /{name} -->"
    before, rest = Path(path).read_text().split(start)
    Path(path).write_text(f"{before}{start}\n{text.strip()}\n{end}{rest.split(end)[1]}")


def languages(path):
    """The document in each of its languages: [(path, which of the words of a table it wants)]."""
    twin = Path(path).with_suffix(".zh.md")
    return [(path, 0)] + ([(twin, 1)] if twin.exists() else [])
