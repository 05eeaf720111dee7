"""A dilution refrigerator's thermometers for belld, in a process of its own: an example of a gauge.

    python3 -m belldriver.example_gauge --listen ipc:///tmp/fridge --host 192.168.1.40 --port 33576

A gauge is an instrument whose settings are all read only. This one asks a monitor that takes one query a line over TCP and
answers with one number a line; change QUERIES to what yours is asked. Without --host the values are made up, and the
gauge says that it is simulated. Not tried with any real monitor.
"""
import argparse
import random
import signal
import socket
import sys

from .instrument import Failure, Instrument, number, serve, toggle

# key: (one line for people, query, unit, least, greatest). The key ends with the unit in lower case.
QUERIES = {
    "mixing_chamber_k": ("of the mixing chamber's plate", "READ:TEMP:MC?", "K", 0.0, 400.0),
    "still_k": ("of the still's plate", "READ:TEMP:STILL?", "K", 0.0, 400.0),
    "four_kelvin_k": ("of the 4 K plate", "READ:TEMP:4K?", "K", 0.0, 400.0),
    "helium_bar": ("the compressor's high side", "READ:PRES:HE?", "bar", 0.0, 40.0),
}


class Monitor:
    """One query a line, one answer a line. Opened at the first question and after each failure."""

    def __init__(self, host, port):
        self.address = (host, port)
        self.link = None

    def ask(self, query):
        try:
            if self.link is None:
                self.link = socket.create_connection(self.address, timeout=2)
                self.lines = self.link.makefile("rb")
            self.link.sendall(query.encode("ascii") + b"\n")
            line = self.lines.readline(200)
            if not line.endswith(b"\n"):
                raise OSError("the answer has no end")
            return line.decode("ascii", "replace").strip()
        except OSError as error:
            if self.link is not None:
                self.link.close()
            self.link = None
            raise Failure("the monitor does not answer", "fridge.silent", where=f"{self.address[0]}:{self.address[1]}",
                          cause=str(error), fix="check its power and its network cable")


class MadeUp:
    """Stands in for a monitor."""

    VALUES = {"READ:TEMP:MC?": 0.011, "READ:TEMP:STILL?": 0.85, "READ:TEMP:4K?": 3.6, "READ:PRES:HE?": 22.0}

    def ask(self, query):
        return "1" if query == Fridge.COMPRESSOR else f"{random.gauss(1, 0.002) * self.VALUES[query]:.6f}"


class Fridge(Instrument):
    """Temperatures, pressure, and whether the compressor runs; nothing of it can be set."""

    vendor, model = "belldriver", "example fridge"
    COMPRESSOR = "READ:COMP:ON?"

    def __init__(self, monitor, simulated, serial="FRIDGE-1"):
        super().__init__(serial)
        self.monitor, self.simulated = monitor, simulated
        for key, (summary, _, unit, least, greatest) in QUERIES.items():
            self.declare(key, summary, number(least, greatest, unit), writable=False)
        self.declare("compressor", "whether the compressor runs", toggle(), writable=False)

    def read(self, key):
        answer = self.monitor.ask(self.COMPRESSOR if key == "compressor" else QUERIES[key][1])
        if key == "compressor":
            return answer == "1"
        try:
            return float(answer)
        except ValueError:
            raise Failure(f"{key} reads {answer!r:.40}, which is no number", "fridge.answer")

    def problems(self):
        return [] if self.read("compressor") else ["the compressor is off"]

    def safe(self):
        pass


def main():
    parser = argparse.ArgumentParser(description="A fridge's thermometers for belld.")
    parser.add_argument("--listen", required=True, metavar="ENDPOINT")
    parser.add_argument("--host", help="the monitor's address; without it the values are made up")
    parser.add_argument("--port", type=int, default=33576)
    parser.add_argument("--serial", default="FRIDGE-1")
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    print("ready", flush=True)
    monitor = Monitor(options.host, options.port) if options.host else MadeUp()
    try:
        serve(Fridge(monitor, simulated=options.host is None, serial=options.serial), options.listen)
    except KeyboardInterrupt:
        pass


if __name__ == "__main__":
    main()
