import BellHost
import BellModel
import Testing

@testable import BellControlTool

@Suite("Checking a device without a daemon")
struct DeviceCheckTests {
    @Test("a simulated board passes, by its name or by its address", arguments: ["alice", "mock://mocklab/alice"])
    func board(target: String) async throws {
        let bench = try DeviceBench()
        let reply = try await bench.check(target)
        #expect(reply.exit == .ok, "\(reply.text)")
        #expect(reply.json["passed"] == true)
        #expect(reply.json["simulated"] == true)
        #expect(reply.json["interrupted"] == false)
        #expect(reply.json["counts"]?["failed"]?.countValue == 0)
        #expect((reply.json["counts"]?["passed"]?.countValue ?? 0) > 5)
        #expect(reply.json["device"]?.stringValue?.contains("mock://mocklab/alice") == true)
    }

    @Test(
        "simulated instruments pass",
        arguments: [
            ("mock://mocklab/alice-lo", "microwave-source"), ("mock://mocklab/alice-switch", "rf-switch"),
            ("mock://mocklab/bob-attenuator", "attenuator"),
        ])
    func instrument(address: String, driver: String) async throws {
        let bench = try DeviceBench()
        let reply = try await bench.check(address, "--driver", driver, "--allow-output")
        #expect(reply.exit == .ok, "\(reply.text)")
        #expect(reply.json["simulated"] == true)
    }

    @Test("an instrument's output is switched on, read back and off again only with --allow-output")
    func output() async throws {
        let bench = try DeviceBench()
        let lo = ["mock://mocklab/alice-lo", "--driver", "microwave-source"]
        let without = try await bench.check(lo[0], lo[1], lo[2])
        #expect(check("instrument.safe", in: without)?["reason"] == "not run: needs --allow-output")
        let with = try await bench.check(lo[0], lo[1], lo[2], "--allow-output")
        #expect(check("instrument.set", in: with)?["verdict"] == "passed", "\(with.text)")
        let safe = check("instrument.safe", in: with)
        #expect(safe?["verdict"] == "passed", "\(with.text)")
        #expect(safe?["measurements"]?.arrayValue?.first?["name"] == "switched on and off")
    }

    private func check(_ id: String, in reply: Reply) -> JSON? {
        reply.json["checks"]?.arrayValue?.first { $0["id"]?.stringValue == id }
    }

    @Test("where nobody listens the check fails with exit 3, and says so")
    func absent() async throws {
        let bench = try DeviceBench()
        let reply = try await bench.check("zmq+ipc://\(bench.folder)/nobody", "--driver", "rf-switch")
        #expect(reply.exit == .hardware, "\(reply.text)")
        #expect(reply.json["passed"] == false)
        #expect((reply.json["counts"]?["failed"]?.countValue ?? 0) >= 1)
    }

    @Test("where no board listens the check ends with exit 3")
    func absentBoard() async throws {
        let bench = try DeviceBench()
        var exit: ExitCode?
        do {
            exit = try await bench.check("zmq+ipc://\(bench.folder)/nobody").exit
        } catch {
            exit = (error as? BellError)?.code.exit
        }
        #expect(exit == .hardware)
    }

    @Test("an interrupted check says so")
    func interrupted() async throws {
        let bench = try DeviceBench()
        let reply = try await bench.check("alice", isInterrupted: { true })
        #expect(reply.exit == .interrupted, "\(reply.text)")
        #expect(reply.json["interrupted"] == true)
    }

    @Test("what cannot be checked is refused before anything is asked")
    func refused() async throws {
        let bench = try DeviceBench("lo: {driver: microwave-source, at: mock://mocklab/alice-lo}")
        let unknown = await #expect(throws: BellError.self) { try await bench.check("alcie") }
        #expect(unknown?.fix?.contains("did you mean \"alice\"?") == true)
        #expect(unknown?.code.exit == .usage)
        let address = await #expect(throws: BellError.self) { try await bench.check("usb://nonsense") }
        #expect(address?.code == .deviceAddress)
        #expect(address?.place == "DEVICE")
        let kind = await #expect(throws: BellError.self) {
            try await bench.check("mock://mocklab/alice", "--driver", "oscilloscope")
        }
        #expect(kind?.code.exit == .usage)
        let instrument = await #expect(throws: BellError.self) { try await bench.check("mock://mocklab/x") }
        #expect(instrument?.what == "No board can stand at mock://mocklab/x.")
        // The laboratory knows what stands at an address, whatever --driver's default says.
        #expect(try await bench.check("mock://mocklab/alice-lo").exit == .ok)
    }
}
