"""Meets the loop device of VirtualUSBTests with pyusb, which knows nothing of any emulation; prints what it found."""

import errno
import sys
import time

import usb.core
import usb.util


def say(text):
    print(text, flush=True)


def find():
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        device = usb.core.find(idVendor=0x1209, idProduct=0x0001)
        if device is not None:
            return device
        time.sleep(0.01)
    sys.exit("no device")


def failure(action):
    try:
        action()
    except usb.core.USBError as error:
        return error.errno
    return 0


def loop(device, data, out=0x01, into=0x81):
    assert device.write(out, data, 5000) == len(data)
    return bytes(device.read(into, max(512, len(data)), 5000))


device = find()
say(f"{device.manufacturer} {device.product} {device.serial_number}")
usb.util.claim_interface(device, 0)

for size in (1, 511, 512, 513, 65536, 1 << 20):
    data = bytes((7 * i) & 0xFF for i in range(size))
    assert loop(device, data) == data, size
assert loop(device, b"") == b""
say("loop ok")

device.ctrl_transfer(0x40, 1, 0x1234)
assert bytes(device.ctrl_transfer(0xC0, 1, 0, 0, 2)) == b"\x34\x12"
device.ctrl_transfer(0x40, 2, 0, 0, b"\x78\x56")
assert bytes(device.ctrl_transfer(0xC0, 1, 0, 0, 3)) == b"\x78\x56\xaa"
assert failure(lambda: device.ctrl_transfer(0xC0, 0x77, 0, 0, 2)) == errno.EPIPE
say("control ok")

assert failure(lambda: device.write(0x01, b"stall", 5000)) == errno.EPIPE
assert failure(lambda: device.write(0x01, b"x", 5000)) == errno.EPIPE
device.clear_halt(0x01)
assert loop(device, b"again") == b"again"
say("stall ok")

start = time.monotonic()
assert failure(lambda: device.read(0x81, 512, 100)) == errno.ETIMEDOUT
assert 0.09 < time.monotonic() - start < 10
assert loop(device, b"after") == b"after"
say("timeout ok")

usb.util.claim_interface(device, 1)
assert loop(device, b"report", 0x02, 0x82) == b"report"
say("interrupt ok")

other = usb.core.find(idVendor=0x1209, idProduct=0x0001)
assert failure(lambda: other._ctx.backend.claim_interface(other._ctx.backend.open_device(other._ctx.dev), 0)) == errno.EBUSY
usb.util.dispose_resources(other)
say("claim ok")

say("unplug me")
assert failure(lambda: device.read(0x81, 512, 20000)) in (errno.ENODEV, errno.EIO)
assert failure(lambda: device.write(0x01, b"x", 1000)) == errno.ENODEV
usb.util.dispose_resources(device)
say("gone ok")

say("plug me")
# As with any device that was just plugged in: it shows before it can be opened.
deadline = time.monotonic() + 20
device = find()
while failure(lambda: usb.util.claim_interface(device, 0)) != 0:
    assert time.monotonic() < deadline
    usb.util.dispose_resources(device)
    time.sleep(0.02)
    device = find()
assert loop(device, b"hello") == b"hello"
say("back ok")
