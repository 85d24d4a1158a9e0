"""Makes a client with every generator, tries each with the corpora, and prints what came of it.

`check.py YOI WORK CLIENT` takes the program `yoi`, a folder for what is generated, and the program of
`rust/`. Every count is compared. What is not as expected is told at the end, and fails the check.
"""

import argparse
import pathlib
import sys
import time

import clients
import judges
from trial import Trial

SHOWN = 40


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    for name in ("yoi", "work", "client"):
        parser.add_argument(name, type=pathlib.Path)
    began = time.monotonic()
    trial = Trial(**vars(parser.parse_args()))
    clients.typescript(trial)
    plain = clients.python(trial)
    clients.rust(trial)
    go = clients.go(trial)
    clients.zod(trial)
    judges.validators(trial, plain)
    of_patterns = judges.engines(trial, go)
    print(f"{trial.table()}\n\n{of_patterns}\ntried in {time.monotonic() - began:.0f}s")
    for failure in trial.failures[:SHOWN]:
        print(f"not as expected: {failure[:2000]}", file=sys.stderr)
    if trial.failures:
        sys.exit(f"{len(trial.failures)} values are not as expected")


if __name__ == "__main__":
    main()
