"""As much of USB/IP 1.1.1 as it takes to ask a server what its devices are."""

import socket
import struct


def connect(server):
    """A connection to `/path/of/a/socket` or `host:port`."""
    if server.startswith("/"):
        connection = socket.socket(socket.AF_UNIX)
        connection.settimeout(10)
        connection.connect(server)
        return connection
    host, port = server.rsplit(":", 1)
    return socket.create_connection((host, int(port)), timeout=10)


def receive(connection, count):
    data = b""
    while len(data) < count:
        part = connection.recv(count - len(data))
        if not part:
            raise ConnectionError("the USB/IP server closed the connection")
        data += part
    return data


def bus_ids(server):
    """The bus ids of all devices that a server shows."""
    with connect(server) as connection:
        connection.sendall(struct.pack(">HHI", 0x0111, 0x8005, 0))
        version, code, status, count = struct.unpack(">HHII", receive(connection, 12))
        if (version, code, status) != (0x0111, 0x0005, 0):
            raise ConnectionError(f"no list of devices: {version:04x} {code:04x} {status}")
        found = []
        for _ in range(count):
            device = receive(connection, 312)
            found.append(device[256:288].split(b"\0")[0].decode())
            receive(connection, 4 * device[311])
        return found


class Attached:
    """An imported device, for control requests."""

    def __init__(self, server, bus_id):
        self.connection = connect(server)
        self.sequence = 0
        self.connection.sendall(struct.pack(">HHI32s", 0x0111, 0x8003, 0, bus_id.encode()))
        version, code, status = struct.unpack(">HHI", receive(self.connection, 8))
        if (version, code, status) != (0x0111, 0x0003, 0):
            raise ConnectionError(f"{bus_id} cannot be imported from {server}: status {status}")
        self.description = receive(self.connection, 312)

    def control(self, kind, request, value, index, length):
        """A control request; the bytes of an IN request's data stage."""
        self.sequence += 1
        setup = struct.pack("<BBHHH", kind, request, value, index, length)
        self.connection.sendall(
            struct.pack(">IIIIIIiiii", 1, self.sequence, 0x10002, kind >> 7, 0, 0, length, 0, 0, 0) + setup)
        reply = receive(self.connection, 48)
        command, sequence = struct.unpack(">II", reply[:8])
        status, actual = struct.unpack(">ii", reply[20:28])
        if (command, sequence) != (3, self.sequence):
            raise ConnectionError("an answer to something else")
        if status != 0:
            raise OSError(-status, f"control request {request} failed")
        return receive(self.connection, actual) if kind & 0x80 else b""

    def close(self):
        """Detaches, and waits until the server has noticed, so that it can be imported again at once."""
        self.connection.shutdown(socket.SHUT_WR)
        while self.connection.recv(4096):
            pass
        self.connection.close()


def identify(server, bus_id):
    """Does what a kernel does with a new device: reads its descriptors and strings, and configures it.

    Returns the raw device and configuration descriptors and the three strings.
    """
    device = Attached(server, bus_id)
    try:
        head = device.control(0x80, 6, 0x0100, 0, 18)
        total = struct.unpack("<H", device.control(0x80, 6, 0x0200, 0, 9)[2:4])[0]
        configuration = device.control(0x80, 6, 0x0200, 0, total)
        strings = []
        for index in head[14:17]:
            raw = device.control(0x80, 6, 0x0300 | index, 0x0409, 255) if index else b""
            strings.append(raw[2:].decode("utf-16-le"))
        if device.control(0x80, 8, 0, 0, 1) != bytes([configuration[5]]):
            device.control(0x00, 9, configuration[5], 0, 0)
        return head, configuration, strings
    finally:
        device.close()
