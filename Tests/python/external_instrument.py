#!/usr/bin/python3
"""The Python kit's instrument against docs/instrument-protocol.md, and hostile requests. Exit 0 when all is well."""
import json
import pathlib
import random
import re
import socket
import sys
import threading

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "Drivers/python"))
from belldriver.example_gauge import Fridge, MadeUp, Monitor
from belldriver.example_instrument import ExampleSource


def exchanges():
    text = (ROOT / "docs/instrument-protocol.md").read_text()
    for body in re.findall(r"```exchange\n(.*?)```", text, re.S):
        question, answer = body.split("\n", 1)
        yield question.encode(), json.loads(answer)


def ask(gauge, method, **params):
    return json.loads(gauge.answer(json.dumps({"id": 1, "method": method, "params": params}).encode()))


def gauges():
    """The example gauge with made-up values, and with a monitor that answers, lies, and goes away."""
    fridge = Fridge(MadeUp(), simulated=True)
    hello = ask(fridge, "hello", protocol=1)["result"]
    assert hello["identity"]["simulated"] is True
    assert not any(setting["writable"] for setting in hello["settings"])
    assert 0.008 < ask(fridge, "read", key="mixing_chamber_k")["result"]["value"] < 0.014
    assert ask(fridge, "set", key="still_k", value=1)["error"]["code"] == "instrument.read-only"
    assert ask(fridge, "problems")["result"]["problems"] == []

    answers = {b"READ:TEMP:MC?": b"0.0125\n", b"READ:TEMP:STILL?": b"warm\n", b"READ:COMP:ON?": b"0\n"}
    server = socket.create_server(("127.0.0.1", 0))

    def serve():
        link, _ = server.accept()
        with link, link.makefile("rb") as lines:
            for line in lines:
                if line.strip() not in answers:
                    return
                link.sendall(answers[line.strip()])

    thread = threading.Thread(target=serve)
    thread.start()
    fridge = Fridge(Monitor(*server.getsockname()), simulated=False)
    assert ask(fridge, "read", key="mixing_chamber_k")["result"]["value"] == 0.0125
    assert ask(fridge, "read", key="still_k")["error"]["code"] == "fridge.answer"
    assert ask(fridge, "problems")["result"]["problems"] == ["the compressor is off"]
    assert ask(fridge, "read", key="helium_bar")["error"]["code"] == "fridge.silent"
    thread.join()
    server.close()
    assert ask(fridge, "read", key="helium_bar")["error"]["code"] == "fridge.silent"


def main():
    source = ExampleSource()
    source.boot_id = "9f2c4e7a01b3d586"
    count = 0
    for question, expected in exchanges():
        answer = json.loads(source.answer(question))
        assert answer == expected, f"{question}\n{json.dumps(answer)}\n{json.dumps(expected)}"
        count += 1
    assert count == 9, count

    seed = 20260521
    draw = random.Random(seed)
    questions = [question for question, _ in exchanges()]
    answered = 0
    for _ in range(5000):
        data = bytearray(draw.choice(questions))
        for _ in range(draw.randint(1, 6)):
            data[draw.randrange(len(data))] = draw.randrange(256)
        answer = source.answer(bytes(data[:draw.randint(1, len(data))] if draw.random() < 0.2 else data))
        if answer is not None:
            body = json.loads(answer)
            assert body["boot_id"] == source.boot_id and ("result" in body) != ("error" in body), (seed, data, answer)
            assert len(answer) < 65536
            answered += 1
    for hostile in (b"", b"[" * 60000, b"{}", b"7", b'{"id":1}', b'{"id":1,"method":[],"params":[]}',
                    b'{"id":1,"method":"set","params":{"key":"averages","value":true}}',
                    b'{"id":1,"method":"set","params":{"key":"power_dbm","value":NaN}}',
                    b'{"id":1,"method":"set","params":{"key":"reference_locked","value":true}}',
                    b'{"id":1,"method":"read","params":{"key":{}}}'):
        answer = source.answer(hostile)
        assert answer is None or "error" in json.loads(answer), (hostile, answer)
    gauges()
    print(f"external instrument: {count} exchanges as documented, {answered} of 5000 damaged requests answered "
          f"(seed {seed})")


if __name__ == "__main__":
    main()
