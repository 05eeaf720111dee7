#!/usr/bin/python3
"""The Python kit's instrument against docs/instrument-protocol.md, and hostile requests. Exit 0 when all is well."""
import json
import pathlib
import random
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "Drivers/python"))
from belldriver.example_instrument import ExampleSource


def exchanges():
    text = (ROOT / "docs/instrument-protocol.md").read_text()
    for body in re.findall(r"```exchange\n(.*?)```", text, re.S):
        question, answer = body.split("\n", 1)
        yield question.encode(), json.loads(answer)


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
    print(f"external instrument: {count} exchanges as documented, {answered} of 5000 damaged requests answered "
          f"(seed {seed})")


if __name__ == "__main__":
    main()
