"""Adds up the closing lines of several pytest runs, read from standard input, into one of the same form.

Exit status 1 where no test passed at all: a run that finds nothing to run proves nothing.
"""

import re
import sys
from collections import Counter

CLOSING = re.compile(r"=+ (.*) in ([\d.]+)s")
SINGULAR = {"error": "errors", "warning": "warnings"}


def main() -> None:
    total: Counter[str] = Counter()
    seconds = 0.0
    for line in sys.stdin:
        if found := CLOSING.search(line):
            seconds += float(found[2])
            for number, word in re.findall(r"(\d+) ([a-z]+)", found[1]):
                total[SINGULAR.get(word, word)] += int(number)
    del total["deselected"]  # each run leaves the tests of the other runs out
    counts = ", ".join(f"{number} {word}" for word, number in total.items())
    print(f"===== {counts or 'no tests ran'} in {seconds:.2f}s =====")
    sys.exit(0 if total["passed"] else 1)


if __name__ == "__main__":
    main()
