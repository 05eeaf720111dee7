"""pyvisa-py asks a USBTMC instrument: what SCPI queries are compared with. Prints p50 and p99 in microseconds.

usage: visa_query.py RESOURCE QUESTION ROUNDS
"""

import json
import sys
import time

import pyvisa


def main():
    resource, question, rounds = sys.argv[1], sys.argv[2], int(sys.argv[3])
    instrument = pyvisa.ResourceManager("@py").open_resource(resource)
    instrument.write_termination = instrument.read_termination = "\n"
    times = []
    answer = ""
    for number in range(-50, rounds):
        start = time.perf_counter()
        answer = instrument.query(question)
        if number >= 0:
            times.append((time.perf_counter() - start) * 1e6)
    instrument.close()
    times.sort()
    print(json.dumps({
        "p50_us": times[rounds // 2], "p99_us": times[rounds * 99 // 100], "answer": answer.strip(),
        "version": pyvisa.__version__}))


main()
