"""An instrument for belld in a process of its own: the instrument protocol (docs/instrument-protocol.md).

    class MyAttenuator(Instrument):
        vendor, model, simulated = "Example", "ATT-30", False

        def __init__(self):
            super().__init__(serial="17")
            self.declare("attenuation_db", "of the drive line", number(0, 31.5, "dB", tolerance=0.25))

        def read(self, key): ...            # the present value, asked of the instrument
        def set(self, key, value): ...      # belld reads back afterwards by itself
        def problems(self): return []
        def safe(self): ...

    serve(MyAttenuator(), "tcp://127.0.0.1:5711")
"""
import json
import math
import os
import traceback

import zmq

VERSION = 1
LARGEST = 65536


class Failure(Exception):
    """What a request is refused with; code is `area.reason`."""

    def __init__(self, what, code="instrument.fault", where=None, cause=None, state=None, fix=None):
        super().__init__(what)
        self.json = {"code": code, "what": what}
        self.json.update((key, value) for key, value in
                         (("where", where), ("cause", cause), ("state", state), ("fix", fix)) if value is not None)


def number(least, greatest, unit, tolerance=0.0):
    """A number; the key must end with the unit in lower case, as in power_dbm. Unit "1" has no such ending."""
    return {"kind": "number", "least": least, "greatest": greatest, "unit": unit, "tolerance": tolerance}


def integer(least, greatest):
    return {"kind": "integer", "least": least, "greatest": greatest}


def toggle():
    return {"kind": "toggle"}


def choice(*words):
    return {"kind": "choice", "choices": list(words)}


def _fits(setting, value):
    kind = setting["kind"]
    if kind == "toggle":
        return isinstance(value, bool)
    if kind == "choice":
        return value in setting["choices"]
    whole = isinstance(value, int) and not isinstance(value, bool)
    if not (whole or kind == "number" and isinstance(value, float) and math.isfinite(value)):
        return False
    return setting["least"] <= value <= setting["greatest"]


class Instrument:
    """One instrument; see the module's text for what a subclass gives."""

    vendor, model, firmware = "belldriver", "instrument", "0.1.0"
    simulated = None            # True or False, said by each instrument: simulated ones do not stand beside real boards

    def __init__(self, serial):
        self.serial = serial
        self.boot_id = os.urandom(8).hex()
        self.__settings = {}

    def declare(self, key, summary, kind, writable=True):
        """Declares a setting; `kind` is number(), integer(), toggle() or choice()."""
        self.__settings[key] = {"key": key, "summary": summary, "writable": writable, **kind}

    # What a subclass gives.

    def read(self, key):
        """The present value of a declared setting."""
        raise NotImplementedError

    def set(self, key, value):
        """Sets a value that has been checked."""
        raise NotImplementedError

    def problems(self):
        """Sentences about what is wrong now."""
        return []

    def safe(self):
        """Outputs off, switches as without power."""

    # The protocol.

    def answer(self, data):
        """One request's bytes to its answer's bytes; None when there is no id to answer to."""
        request = None
        try:
            request = json.loads(data.decode("utf-8"), parse_constant=lambda word: None)
            if not isinstance(request, dict) or not isinstance(request.get("id"), int):
                return None
            body = {"result": self.__perform(request.get("method"), request.get("params") or {})}
        except Failure as failure:
            body = {"error": failure.json}
        except (UnicodeDecodeError, ValueError, RecursionError):
            if not isinstance(request, dict):
                return None
            body = {"error": {"code": "instrument.fault", "what": traceback.format_exc(limit=1)}}
        except Exception as failure:
            traceback.print_exc()
            body = {"error": {"code": "instrument.fault", "what": f"{type(failure).__name__}: {failure}"[:300]}}
        return json.dumps({"id": request["id"], "boot_id": self.boot_id, **body}, allow_nan=False).encode()

    def __perform(self, method, params):
        if method == "hello":
            if params.get("protocol") != VERSION:
                raise Failure(f"version {params.get('protocol')} is not spoken here, only {VERSION}",
                              "instrument.wrong-version")
            return {"protocol": VERSION, "settings": list(self.__settings.values()), "identity": {
                "vendor": self.vendor, "model": self.model, "serial": self.serial, "firmware": self.firmware,
                "simulated": self.simulated}}
        if method == "ping":
            return {}
        if method == "read":
            return {"value": self.read(self.__setting(params)["key"])}
        if method == "set":
            setting = self.__setting(params)
            if not setting["writable"]:
                raise Failure(f"{setting['key']} cannot be set, only read", "instrument.read-only")
            value = params.get("value")
            if not _fits(setting, value):
                raise Failure(f"{setting['key']} cannot be {value!r:.40}", "instrument.range")
            self.set(setting["key"], value)
            return {"value": self.read(setting["key"])}
        if method == "problems":
            return {"problems": [str(problem) for problem in self.problems()]}
        if method == "safe":
            self.safe()
            return {}
        raise Failure(f"there is no method {method!r:.40}", "instrument.unknown-method")

    def __setting(self, params):
        key = params.get("key")
        if not isinstance(key, str) or key not in self.__settings:
            raise Failure(f"there is no setting {key!r:.40}", "instrument.unknown-setting",
                          fix="settings: " + ", ".join(self.__settings))
        return self.__settings[key]


def serve(instrument, endpoint, context=None):
    """Serves one instrument until interrupted; requests are answered one after the other."""
    if not isinstance(instrument.simulated, bool):
        raise TypeError(f"{type(instrument).__name__} does not say whether it is simulated: set simulated to True or False")
    socket = (context or zmq.Context.instance()).socket(zmq.ROUTER)
    socket.linger = 500
    socket.setsockopt(zmq.MAXMSGSIZE, LARGEST)
    socket.bind(endpoint)
    while True:
        parts = socket.recv_multipart()
        if len(parts) != 2:
            continue
        answer = instrument.answer(parts[1])
        if answer is not None:
            socket.send_multipart([parts[0], answer])
