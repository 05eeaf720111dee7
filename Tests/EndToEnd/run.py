#!/usr/bin/env python3
"""End-to-end tests: real processes, real sockets, a real database, and real kill -9.

usage: run.py .build/release [word ...]     runs all tests, or those whose name contains a word

Two run at a time, each in a folder and a state directory of its own: they wait for most of their time.
"""
import concurrent.futures
import sys
import time
import traceback

import harness
import anchors  # noqa: F401
import beacon  # noqa: F401
import calibrate  # noqa: F401  (each module adds its tests to the list)
import calibrate_faults  # noqa: F401
import campaigns  # noqa: F401
import certificates  # noqa: F401
import devices  # noqa: F401
import external  # noqa: F401
import gates  # noqa: F401
import laboratory  # noqa: F401
import night  # noqa: F401
import pictures  # noqa: F401
import pools  # noqa: F401
import refusals  # noqa: F401
import storage  # noqa: F401
import usb  # noqa: F401


def outcome(function):
    """Runs one test: what came of it, and what to print."""
    began = time.monotonic()
    reason = trace = ""
    try:
        function()
        result = "ok"
    except harness.Skipped as skipped:
        result, reason = "skipped", f": {skipped}"
    except Exception:
        result, trace = "FAILED", traceback.format_exc()
    name = function.__name__.replace("_", " ")
    return result, f"{trace}{result:7} {name} ({time.monotonic() - began:.1f} s){reason}"


def main():
    words = sys.argv[2:]
    chosen = [t for t in harness.TESTS if not words or any(w in t.__name__ for w in words)]
    counts = {"ok": 0, "skipped": 0, "FAILED": 0}
    with concurrent.futures.ThreadPoolExecutor(2) as threads:
        try:
            for done in concurrent.futures.as_completed([threads.submit(outcome, test) for test in chosen]):
                result, line = done.result()
                counts[result] += 1
                print(line, flush=True)
        except KeyboardInterrupt:
            threads.shutdown(cancel_futures=True)
            raise
    print(f"end-to-end: {counts['ok']} passed, {counts['skipped']} skipped, {counts['FAILED']} failed")
    sys.exit(1 if counts["FAILED"] or not chosen else 0)


main()
