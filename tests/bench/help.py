"""How long the help takes to read what people paste: `python -m tests.bench.help`.

A message of everyday length is the measure; a question of the greatest length, a log and a text that is made to be slow
are shown as multiples of it. What one text may cost is bounded: WORKS_MAX of everyday questions.
"""

from __future__ import annotations

import sys
import time
from statistics import median

from webapp.core.diagnosis.messages import search
from webapp.core.diagnosis.messages.searching import CHARACTERS_MAX

EVERYDAY = "Anmeldung auf dem Server pop.gmx.net mit Benutzernamen anna@gmx.de fehlgeschlagen"
LOG = "\n".join(f"2026-11-28 10:00:{number % 60:02} fetching message {number} of 30000" for number in range(30_000))
TEXTS = {
    "an everyday message": EVERYDAY,
    "2,000 characters": (EVERYDAY * 30)[:2000],
    "a log of 2 MB, its error at the end": f"{LOG}\nfetchmail: Query status=3 (AUTHFAIL)",
    "a log of 2 MB without an error": LOG,
    "64 KB of different words": " ".join(f"w{number}abcdef" for number in range(CHARACTERS_MAX // 10)),
}
WORKS_MAX = 400  # everyday questions that the most expensive text may cost


def milliseconds(text: str, rounds: int = 5) -> float:
    found = []
    for _ in range(rounds):
        began = time.process_time()
        search(text)
        found.append((time.process_time() - began) * 1000)
    return median(found)


def main() -> int:
    everyday = milliseconds(EVERYDAY, 51)
    worst = 0.0
    for name, text in TEXTS.items():
        took = milliseconds(text)
        worst = max(worst, took / everyday)
        sys.stdout.write(f"{took:8.1f} ms of processor  {took / everyday:6.1f} ×  {name}\n")
    kept = worst <= WORKS_MAX
    sys.stdout.write(f"{'Kept' if kept else 'MISSED'}: the worst is {worst:.0f} × (bar {WORKS_MAX})\n")
    return 0 if kept else 1


if __name__ == "__main__":
    sys.exit(main())
