"""Runs a command under the usbfs shim, with umockdev's sysfs and udev for the devices of USB/IP servers.

umockdev answers for /sys and for udev's messages, the shim (usbfs_shim.c) for /dev/bus/usb/BBB/DDD. The command finds the
control socket in BELL_USB_TESTBED; each connection to it asks one line and gets one line, `ok …` or `error …`:

    plug SERVER BUSID     a device comes: `ok PORT BUS ADDRESS`, once its uevent is sent
    unplug PORT           it goes: connections of the shim to it end, then the uevent is sent
    list                  `ok` and the ports that have a device
    opens                 `ok` and how often devices were opened so far
    open BUS ADDRESS      from the shim: `ok SERVER BUSID`; the connection stays, and its end is the pulled cable

PORT stays the same when a device of one server and bus id comes again; its address does not. When no device was opened at
all the result is a failure: the shim was then not in the way, and what the command said would mean nothing.
"""

import argparse
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading

import gi

gi.require_version("UMockdev", "1.0")
from gi.repository import UMockdev  # noqa: E402

import usbip  # noqa: E402

BUS = 1
ROOT = "/devices/pci0000:00/0000:00:01.0/usb1"


class Plugged:
    """A device that is plugged in."""

    def __init__(self, server, bus_id, port, address):
        self.server = server
        self.bus_id = bus_id
        self.port = port
        self.address = address
        self.cables = []

    @property
    def path(self):
        return f"{ROOT}/{self.port}"

    def record(self, head, configuration, strings):
        """What umockdev is told."""
        vendor, product, release = (int.from_bytes(head[at:at + 2], "little") for at in (8, 10, 12))
        node = f"bus/usb/{BUS:03}/{self.address:03}"
        kind = f"{head[4]}/{head[5]}/{head[6]}"
        lines = [
            f"P: {self.path}", f"N: {node}", "E: SUBSYSTEM=usb", "E: DRIVER=usb", "E: DEVTYPE=usb_device",
            f"E: BUSNUM={BUS:03}", f"E: DEVNUM={self.address:03}", f"E: DEVNAME=/dev/{node}", "E: MAJOR=189",
            f"E: MINOR={(BUS - 1) * 128 + self.address - 1}", f"E: PRODUCT={vendor:x}/{product:x}/{release:x}",
            f"E: TYPE={kind}",
        ]
        attributes = {
            "busnum": BUS, "devnum": self.address, "devpath": self.port.split("-")[1], "speed": 480, "maxchild": 0,
            "idVendor": f"{vendor:04x}", "idProduct": f"{product:04x}", "bcdDevice": f"{release:04x}",
            "bDeviceClass": f"{head[4]:02x}", "bDeviceSubClass": f"{head[5]:02x}", "bDeviceProtocol": f"{head[6]:02x}",
            "bMaxPacketSize0": head[7], "bNumConfigurations": head[17], "bConfigurationValue": configuration[5],
            "bNumInterfaces": f"{configuration[4]:2}", "bmAttributes": f"{configuration[7]:02x}",
            "bMaxPower": f"{2 * configuration[8]}mA", "version": " 2.00",
        }
        for name, text in zip(("manufacturer", "product", "serial"), strings):
            if text:
                attributes[name] = text
        for name, value in attributes.items():
            text = str(value).replace("\\", "\\\\").replace("\n", "\\n")
            lines.append(f"A: {name}={text}\\n")
        lines.append("H: descriptors=" + (head + configuration).hex().upper())
        return "\n".join(lines) + "\n"


class Testbed:
    def __init__(self):
        self.umockdev = UMockdev.Testbed.new()
        self.lock = threading.Lock()
        self.plugged = {}
        self.ports = {}
        self.last_address = 1
        self.opens = 0
        parameters = os.path.join(self.umockdev.get_root_dir(), "sys/module/usbcore/parameters")
        os.makedirs(parameters)
        with open(os.path.join(parameters, "usbfs_memory_mb"), "w") as file:
            file.write(os.environ.get("BELL_USB_MEMORY_MB", "16") + "\n")

    def plug(self, server, bus_id):
        facts = usbip.identify(server, bus_id)
        with self.lock:
            port = self.ports.setdefault((server, bus_id), f"{BUS}-{len(self.ports) + 1}")
            if port in self.plugged:
                raise ValueError(f"{port} has a device already")
            self.last_address = self.last_address + 1 if self.last_address < 127 else 2
            device = Plugged(server, bus_id, port, self.last_address)
            self.umockdev.add_from_string(device.record(*facts))
            self.plugged[port] = device
            self.umockdev.uevent("/sys" + device.path, "add")
        return f"{port} {BUS} {device.address}"

    def unplug(self, port):
        with self.lock:
            device = self.plugged.pop(port)
            for cable in device.cables:
                hang_up(cable)
            self.umockdev.uevent("/sys" + device.path, "remove")
            self.umockdev.remove_device("/sys" + device.path)

    def open(self, bus, address, cable):
        with self.lock:
            for device in self.plugged.values():
                if (BUS, device.address) == (bus, address):
                    self.opens += 1
                    device.cables.append(cable)
                    return f"{device.server} {device.bus_id}"
        raise ValueError(f"there is no device {bus}/{address}")

    def closed(self, cable):
        with self.lock:
            for device in self.plugged.values():
                if cable in device.cables:
                    device.cables.remove(cable)

    def answer(self, words, connection):
        match words:
            case ["plug", server, bus_id]: return self.plug(server, bus_id)
            case ["unplug", port]: return self.unplug(port) or ""
            case ["list"]: return " ".join(sorted(self.plugged))
            case ["opens"]: return str(self.opens)
            case ["open", bus, address]: return self.open(int(bus), int(address), connection)
        raise ValueError(f"not understood: {' '.join(words)}")


def hang_up(connection):
    try:
        connection.shutdown(socket.SHUT_RDWR)
    except OSError:
        pass


def serve(testbed, connection):
    """One connection: one line, one answer; the shim's then stays until either side ends it."""
    with connection:
        words = connection.makefile().readline().split()
        try:
            reply = f"ok {testbed.answer(words, connection)}".rstrip()
        except Exception as error:  # whatever it was, the asker is told
            reply = f"error {type(error).__name__}: {error}".replace("\n", " ")
        try:
            connection.sendall(reply.encode() + b"\n")
            if words[:1] == ["open"] and reply.startswith("ok"):
                while connection.recv(64):
                    pass
        except OSError:
            pass
        testbed.closed(connection)


def accept(testbed, listener):
    while True:
        connection, _ = listener.accept()
        threading.Thread(target=serve, args=(testbed, connection), daemon=True).start()


def main():
    parser = argparse.ArgumentParser(prog="Tests/USB/run", description="Runs a command with simulated USB devices.")
    parser.add_argument("--shim", required=True, help=argparse.SUPPRESS)
    parser.add_argument("--server", action="append", default=[], help="USB/IP server whose devices are plugged in first")
    parser.add_argument("command", nargs=argparse.REMAINDER)
    options = parser.parse_args()
    if not options.command:
        parser.error("a command is missing")
    command = options.command[1:] if options.command[0] == "--" else options.command

    testbed = Testbed()
    with tempfile.TemporaryDirectory(prefix="bell-usb-") as folder:
        listener = socket.socket(socket.AF_UNIX)
        listener.bind(os.path.join(folder, "testbed"))
        listener.listen(64)
        threading.Thread(target=accept, args=(testbed, listener), daemon=True).start()
        for server in options.server:
            for bus_id in usbip.bus_ids(server):
                print(f"usb testbed: {server} {bus_id} at {testbed.plug(server, bus_id)}", file=sys.stderr)
        environment = dict(
            os.environ, BELL_USB_TESTBED=os.path.join(folder, "testbed"),
            UMOCKDEV_DIR=testbed.umockdev.get_root_dir(), LD_PRELOAD=f"{options.shim}:libumockdev-preload.so.0")
        child = subprocess.Popen(command, env=environment)
        # The command gets the terminal's Ctrl-C too, and it is the one to decide.
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.signal(signal.SIGTERM, lambda *_: child.terminate())
        status = child.wait()
    status = status if status >= 0 else 128 - status
    print(f"usb testbed: {testbed.opens} opens, status {status}", file=sys.stderr)
    if status == 0 and testbed.opens == 0:
        print("usb testbed: no device was opened, so nothing was tested", file=sys.stderr)
        status = 99
    # Threads that wait for sockets would delay a normal exit.
    sys.stderr.flush()
    shutil.rmtree(testbed.umockdev.get_root_dir(), ignore_errors=True)
    os._exit(status)


main()
