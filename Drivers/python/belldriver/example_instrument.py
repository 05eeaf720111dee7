"""A simulated microwave source for belld in a process of its own: an example and a test.

    python3 -m belldriver.example_instrument --listen ipc:///tmp/lo

--misbehave shows what belld does with a bad driver: it floods, hangs, sends garbage, lies about values or dies when it
is asked to set something.
"""
import argparse
import os
import signal
import sys
import time

import zmq

from .instrument import Failure, Instrument, choice, integer, number, serve, toggle


class ExampleSource(Instrument):
    """Frequency, power, output; its reference locks half a second after the choice of one."""

    vendor, model, simulated = "belldriver", "example source", True

    def __init__(self, serial="EXAMPLE-1"):
        super().__init__(serial)
        self.declare("frequency_hz", "of the carrier", number(1e9, 2e10, "Hz", tolerance=0.5))
        self.declare("power_dbm", "at the output", number(-30, 20, "dBm", tolerance=0.05))
        self.declare("output", "whether power comes out", toggle())
        self.declare("reference", "what the oscillator is locked to", choice("internal", "external"))
        self.declare("averages", "of the power meter", integer(1, 64))
        self.declare("reference_locked", "whether it is locked", toggle(), writable=False)
        self.values = {"frequency_hz": 6e9, "power_dbm": -30.0, "output": False, "reference": "internal", "averages": 1}
        self.locks_at = 0.0

    def read(self, key):
        return time.monotonic() >= self.locks_at if key == "reference_locked" else self.values[key]

    def set(self, key, value):
        if key == "output" and value and not self.read("reference_locked"):
            raise Failure("the output stays off while the reference is not locked",
                          fix="wait until reference_locked is on")
        if key == "reference" and value != self.values[key]:
            self.locks_at = time.monotonic() + 0.5
        # A source has steps: 1 Hz and 0.01 dB.
        steps = {"frequency_hz": 0, "power_dbm": 2}
        self.values[key] = float(round(value, steps[key])) if key in steps else value

    def problems(self):
        return [] if self.read("reference_locked") else ["reference not locked"]

    def safe(self):
        self.values["output"] = False


class Misbehaving(ExampleSource):
    """Does something wrong when it is asked to set a value."""

    def __init__(self, how):
        super().__init__()
        self.how = how

    def set(self, key, value):
        if self.how == "die":
            os._exit(7)
        if self.how == "hang":
            time.sleep(3600)
        if self.how == "lie":
            value = self.read(key)
        super().set(key, value)


def flood(instrument, endpoint, garbage):
    """Answers, and sends thousands of messages that nobody asked for with each answer."""
    socket = zmq.Context.instance().socket(zmq.ROUTER)
    socket.bind(endpoint)
    while True:
        peer, data = socket.recv_multipart()
        wrong = b"\xff{]" * 100 if garbage else instrument.answer(data).replace(b'"id": ', b'"id": 9')
        if b'"hello"' not in data:
            for _ in range(5000):
                socket.send_multipart([peer, wrong])
        socket.send_multipart([peer, instrument.answer(data)])


def main():
    parser = argparse.ArgumentParser(description="A simulated microwave source for belld.")
    parser.add_argument("--listen", required=True, metavar="ENDPOINT")
    parser.add_argument("--serial", default="EXAMPLE-1")
    parser.add_argument("--misbehave", choices=("flood", "garbage", "hang", "lie", "die"))
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    print("ready", flush=True)
    try:
        if options.misbehave in ("flood", "garbage"):
            flood(ExampleSource(options.serial), options.listen, options.misbehave == "garbage")
        instrument = Misbehaving(options.misbehave) if options.misbehave else ExampleSource(options.serial)
        serve(instrument, options.listen)
    except KeyboardInterrupt:
        pass


if __name__ == "__main__":
    main()
