public import BellModel
import Glibc
public import VirtualUSB

/// Simulated devices of this process, shown to libusb in this or another process by the testbed around it.
public final class TestbedDevices: Sendable {
    private let testbed: USBTestbed
    private let server: USBIPServer
    private let path: String
    private let devices: [(device: VirtualUSBDevice, busID: String)]

    /// Starts the server; no device is plugged in yet.
    public init(_ testbed: USBTestbed, _ devices: [VirtualUSBDevice]) throws(BellError) {
        self.testbed = testbed
        // Short, because a Unix socket's path has at most 107 bytes; numbered, because tests run side by side.
        path = "/tmp/bell-usb-\(getpid())-\(UInt32.random(in: 0 ... .max))"
        let server = try USBIPServer(at: [.unix(path: path)])
        self.server = server
        self.devices = devices.map { ($0, server.add($0)) }
    }

    /// Plugs a device in, for the first time or again after ``unplug(_:at:)``.
    public func plug(_ index: Int) throws(BellError) -> USBTestbed.Place {
        devices[index].device.plug()
        return try testbed.plug(server: path, busID: devices[index].busID)
    }

    /// Pulls a device's cable: transfers under way end, then hotplug is told.
    public func unplug(_ index: Int, at place: USBTestbed.Place) throws(BellError) {
        devices[index].device.unplug()
        try testbed.unplug(place.port)
    }
}
