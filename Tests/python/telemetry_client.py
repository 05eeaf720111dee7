#!/usr/bin/python3
"""A whole client of belld in a dozen lines of pyzmq (Debian: python3-zmq).

Usage: telemetry_client.py CONTROL_ENDPOINT TELEMETRY_ENDPOINT [CHANGES]
Prints the snapshot's number and the changes that follow it, without a gap.
"""
import json
import sys

import zmq

context = zmq.Context()
control, telemetry = context.socket(zmq.REQ), context.socket(zmq.SUB)
control.RCVTIMEO = telemetry.RCVTIMEO = 10_000
control.connect(sys.argv[1])
telemetry.connect(sys.argv[2])
telemetry.subscribe(b"telemetry")

def call(method, **params):
    control.send_json({"id": method, "method": method, "params": params})
    reply = control.recv_json()
    if reply["id"] != method or "error" in reply:
        sys.exit(f"{method}: {reply}")
    return reply["result"]

def change():
    return json.loads(telemetry.recv_multipart()[1])

assert call("ping") == {"pong": True}
change()  # The first change shows that the subscription has arrived.
snapshot = call("telemetry.snapshot")
print("snapshot", snapshot["seq"], snapshot["version"], flush=True)
last, left = snapshot["seq"], int(sys.argv[3]) if len(sys.argv) > 3 else 3
while left:
    news = change()
    if news["seq"] <= last:
        continue  # Already in the snapshot.
    if news["seq"] != last + 1 or news["instance"] != snapshot["instance"]:
        sys.exit(f"gap: {news['seq']} after {last}")  # A longer-lived client asks for the snapshot again.
    last, left = news["seq"], left - 1
    print("change", news["seq"], news["kind"], json.dumps(news["data"]), flush=True)
