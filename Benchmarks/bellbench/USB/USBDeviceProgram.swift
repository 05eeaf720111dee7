import BellHost
import BellModel
import Glibc
import VirtualUSB

/// `bellbench usb-devices FOLDER`: the simulated devices of the USB rows, in a process of their own.
///
/// Each group is a USB/IP server on a Unix socket of the group's name; the bench ends the process.
enum USBDeviceProgram {
    /// The sockets' names in the folder.
    enum Group: String, CaseIterable {
        case stream
        case idle
        case switches
        case source
    }

    /// Serials of boards that have nothing to say.
    static let idleSerials = ["ALICE01", "BOB01"]

    /// One box a dialect, both solid state: relays would be waited for.
    static let boxes = [
        SimulatedMiniCircuits.Description(model: "USB-SP4T-63", serial: "11111110063"),
        SimulatedMiniCircuits.Description(model: "USB-1SP8T-852H", serial: "11111110852"),
    ]
    static let source = SimulatedSource(serial: "SRC01")

    static func main(_ words: [String]) -> ExitCode {
        do throws(BellError) {
            let folder = words.first ?? "."
            var servers: [USBIPServer] = []
            for group in Group.allCases {
                let server = try USBIPServer(at: [.unix(path: "\(folder)/\(group.rawValue)")])
                for device in try devices(of: group) { server.add(device) }
                servers.append(server)
            }
            write("ready\n")
            while true { withExtendedLifetime(servers) { _ = pause() } }
        } catch {
            write("\(error)\n", to: .error)
            return error.code.exit
        }
    }

    private static func devices(of group: Group) throws(BellError) -> [VirtualUSBDevice] {
        switch group {
        case .stream: [VirtualUSBDevice(try StreamingBoard())]
        case .idle: idleSerials.map { VirtualUSBBoard(serial: $0) { _, _ in }.device }
        case .switches: boxes.compactMap { SimulatedMiniCircuits($0) }.map { VirtualUSBDevice($0) }
        case .source: [VirtualUSBDevice(USBTMCSource(source: source))]
        }
    }
}
