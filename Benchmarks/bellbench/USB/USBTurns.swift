import BellModel
import VirtualUSB

/// Runs one side after the other under Tests/USB/run, each with the simulated devices for itself.
struct USBTurns {
    let bench: Bench
    /// Tests/USB/run.
    let testbed: String
    /// Where the devices' sockets are.
    let folder: String

    /// belld's drivers: `bellbench usb-host WHAT AMOUNT`.
    func ours(_ group: USBDeviceProgram.Group, _ what: String, _ amount: Int) throws(BellError) -> JSON {
        try run(group, ["\(bench.folders.programs)/bellbench", "usb-host", what, String(amount)])
    }

    /// The bare loop of Tests/USB/bulk.c; nil without a C compiler.
    func bulk(endpoint: String, milliseconds: Int) throws(BellError) -> JSON? {
        guard let built = bench.folders.built else { return nil }
        return try run(
            .stream,
            [
                "\(built)/usb_bulk", "0x1209", "0xbe11", endpoint, String(256 << 10), "8",
                String(Double(milliseconds) / 1000),
            ])
    }

    /// Blocking calls of libusb's; nil without a C compiler.
    func query(rounds: Int) throws(BellError) -> JSON? {
        guard let built = bench.folders.built else { return nil }
        return try run(.source, ["\(built)/usb_query", "0x1209", "0xbe12", USBBench.question, String(rounds)])
    }

    /// pyvisa-py; nil when it is not there.
    func visa(rounds: Int) throws(BellError) -> JSON? {
        guard let python = bench.folders.visa else { return nil }
        let resource = "USB0::0x1209::0xBE12::\(USBDeviceProgram.source.serial)::0::INSTR"
        return try run(
            .source,
            [python, "\(bench.folders.peers)/visa_query.py", resource, USBBench.question, String(rounds)])
    }

    private func run(_ group: USBDeviceProgram.Group, _ command: [String]) throws(BellError) -> JSON {
        try bench.interruption.check()
        return try bench.ask(testbed, ["--server", "\(folder)/\(group.rawValue)"] + command)
    }
}
