"""count_tests.py LOG: prints "PASSED FAILED SKIPPED" of CTest's LastTest.log, in cases (GoogleTest, unittest, node), not programs.

A program that failed without naming a case (a crash, a timeout) counts as one failed; one whose cases cannot be read counts as one.
"""

import re
import sys


def cases_of(text):
    """(passed, failed, skipped) that one program reported, or None."""
    def total(pattern):
        return sum(int(number) for number in re.findall(pattern, text, re.MULTILINE))

    if "[==========]" in text:
        return (total(r"^\[  PASSED  \] (\d+) test"), total(r"^ *(\d+) FAILED TESTS?$"), total(r"^\[  SKIPPED \] (\d+) test"))
    ran = re.search(r"^Ran (\d+) tests? in", text, re.MULTILINE)
    if ran:
        failed, skipped = total(r"(?:failures|errors)=(\d+)"), total(r"skipped=(\d+)")
        return (int(ran.group(1)) - failed - skipped, failed, skipped)
    if re.search(r"^(?:#|ℹ) pass \d+", text, re.MULTILINE):
        return (total(r"^(?:#|ℹ) pass (\d+)"), total(r"^(?:#|ℹ) fail (\d+)"), total(r"^(?:#|ℹ) skipped (\d+)"))
    return None


def count(log):
    passed = failed = skipped = 0
    for section in re.split(r"(?m)^\d+/\d+ Testing: ", log)[1:]:
        good = re.search(r"^Test Passed\.$", section, re.MULTILINE) is not None
        own_passed, own_failed, own_skipped = cases_of(section) or ((1, 0, 0) if good else (0, 1, 0))
        if not good and own_failed == 0:
            own_failed = 1
        passed, failed, skipped = passed + own_passed, failed + own_failed, skipped + own_skipped
    return passed, failed, skipped


if __name__ == "__main__":
    with open(sys.argv[1], encoding="utf-8", errors="replace") as file:
        print(*count(file.read()))
