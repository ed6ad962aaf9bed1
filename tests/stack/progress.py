"""Steps with their elapsed time, so that a long wait is never a silent one."""

import sys
import time
from contextlib import contextmanager


@contextmanager
def step(title: str):
    """Says `title`, runs the body, says how long it took. The body may add a note to the list it is given."""
    print(f"  … {title}", flush=True)
    began = time.monotonic()
    notes: list = []
    try:
        yield notes
    except BaseException:
        print(f"  ✗ {title} ({time.monotonic() - began:.1f} s)", flush=True)
        raise
    note = f": {', '.join(notes)}" if notes else ""
    print(f"  ✓ {title}{note} ({time.monotonic() - began:.1f} s)", flush=True)


class Ticker:
    """One line that is rewritten in place on a terminal and left out elsewhere."""

    def __init__(self) -> None:
        self.live = sys.stdout.isatty()

    def say(self, text: str) -> None:
        if self.live:
            print(f"\r\033[K    {text}", end="", flush=True)

    def end(self) -> None:
        if self.live:
            print("\r\033[K", end="", flush=True)
