"""Send damaged pictures, damaged videos and strange requests, for as long as one wants.

    python -m tests.security.fuzz --minutes 60
    python -m tests.security.fuzz --replay picture:7:123

Whatever is sent, a picture comes back, or a sentence of our own, or a worker process is killed;
the page answers all the while. What else comes is listed with its seed, and the command fails.
Requests that no page sends may be refused without a sentence; they are listed as silent.
"""

import argparse
import random
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

from tests.security.mutations import damaged
from tests.security.protocol import Page
from tests.security.readers import DEAD, FOREIGN, SILENCE_LIMIT, Reader
from tests.security.requests_fuzz import Requests
from tests.security.seeds import picture_seeds, video_seeds
from tests.security.server import Server, start

DOWNLOAD_KINDS = ("picture", "video", "request")

MEMORY_GB = 16
"""Address space of the page."""

ALIVE_EVERY = 20
"""Requests after which it is looked whether the page still answers."""

Try = Callable[[str], tuple[str, str, str]]
"""Takes a seed; returns the target, what came of it, and details."""


@dataclass
class Findings:
    """What came of all tries.

    Attributes:
        outcomes: How often each outcome came, by kind.
        wrong: The first seed of each kind of wrong outcome.
        dead: The first seed of each kind of dead reader.
        silent: The first seed of each kind of refusal without a sentence.
    """

    outcomes: Counter[tuple[str, str]] = field(default_factory=Counter)
    wrong: dict[tuple[str, str], str] = field(default_factory=dict)
    dead: dict[tuple[str, str], str] = field(default_factory=dict)
    silent: dict[tuple[str, str], str] = field(default_factory=dict)

    def add(self, seed: str, target: str, outcome: str, details: str) -> None:
        """Add one try."""
        self.outcomes[seed.partition(":")[0], outcome] += 1
        found = {FOREIGN: self.wrong, DEAD: self.dead, SILENCE_LIMIT: self.silent}.get(outcome)
        if found is not None:
            found.setdefault((target, details[:160]), seed)

    def lines(self) -> Iterator[str]:
        """Yield what is to be printed."""
        for (kind, outcome), count in sorted(self.outcomes.items()):
            yield f"{kind}: {count} {outcome}"
        named = {"killed its process": self.dead, "silent": self.silent, "WRONG": self.wrong}
        for name, found in named.items():
            for (target, details), seed in found.items():
                yield f"{name}: --replay {seed}: {target}: {details}"


def main(arguments: Sequence[str] | None = None) -> int:
    """Try, print and return the exit status."""
    options = _parser().parse_args(arguments)
    kinds = DOWNLOAD_KINDS if options.replay is None else (options.replay.partition(":")[0],)
    seeds = [options.replay] if options.replay else None
    findings = fuzz(kinds, 60 * options.minutes, options.seed, seeds)
    print(f"seed {options.seed}", *findings.lines(), sep="\n")
    return int(bool(findings.wrong or (options.strict and findings.silent)))


def fuzz(
    kinds: Sequence[str], seconds: float, seed: int, seeds: Sequence[str] | None = None
) -> Findings:
    """Try kind after kind, each for its share of the time.

    Args:
        kinds: Of `DOWNLOAD_KINDS`.
        seconds: In all.
        seed: Of which the seeds of all tries are made.
        seeds: These instead, once each.
    """
    findings = Findings()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        reader = Reader()
        stack.callback(reader.close)
        for kind in kinds:
            server, attempt = None, try_file(reader, kind)
            if kind == "request":
                server = stack.enter_context(start(folder, fake=True, memory_gb=MEMORY_GB))
                attempt = Requests(Page(server.url, timeout=30)).send
            end = time.monotonic() + seconds / len(kinds)
            for index, given in enumerate(seeds or endless(kind, seed)):
                findings.add(given, *attempt(given))
                if (
                    server
                    and index % ALIVE_EVERY == 0
                    and not still_serves(server, given, findings)
                ):
                    break
                if seeds is None and time.monotonic() > end:
                    break
            if server:
                still_serves(server, "request", findings)
    return findings


def still_serves(server: Server, seed: str, findings: Findings) -> bool:
    """Return whether the page still answers, and add to the findings if it doesn't."""
    if server.is_alive():
        return True
    code = server.process.poll()
    how = "does not answer" if code is None else f"ended with {code}"
    findings.add(seed, "the page, up to", FOREIGN, f"{how}: {server.log.read_text()[-300:]}")
    return False


def endless(kind: str, seed: int) -> Iterator[str]:
    """Yield seeds for ever."""
    index = 0
    while True:
        yield f"{kind}:{seed}:{index}"
        index += 1


def try_file(reader: Reader, kind: str) -> Try:
    """Return what reads the damaged file of a seed."""

    def attempt(seed: str) -> tuple[str, str, str]:
        return (kind, *reader.read(kind, damaged_file(seed)))

    return attempt


def damaged_file(seed: str) -> bytes:
    """Return the damaged picture or video of a seed such as "picture:0:12"."""
    files = picture_seeds() if seed.startswith("picture") else video_seeds()
    chance = random.Random(seed)
    return damaged(chance.choice(files), files, chance)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(10**6))
    parser.add_argument("--strict", action="store_true", help="fail at refusals without a reason")
    parser.add_argument("--replay", metavar="KIND:SEED:NUMBER", help="one try that was reported")
    return parser


if __name__ == "__main__":
    sys.exit(main())
