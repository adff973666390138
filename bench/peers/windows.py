"""The protocol of bench/contender.ts: one line `seconds` in, one line with the rate of that window out."""
import sys
import time


def serve(name, work):
    """`work()` does one piece of work and returns how many units it was. One piece runs first, to warm up."""
    work()
    print(name, flush=True)
    for line in sys.stdin:
        seconds = float(line)
        units, start = 0, time.perf_counter()
        while time.perf_counter() - start < seconds:
            units += work()
        print(units / (time.perf_counter() - start), flush=True)
