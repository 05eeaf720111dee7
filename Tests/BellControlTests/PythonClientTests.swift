import BellControl
import BellModel
import Dispatch
import Glibc
import Synchronization
import Testing
import TestSupport

@Suite("Python client", .serialized, .blocking)
struct PythonClientTests {
    @Test("a dozen lines of pyzmq ping, fetch the snapshot and follow numbered changes")
    func python() throws {
        let daemon = try TestDaemon(name: "p")
        defer { daemon.close() }
        let publisher = daemon.publisher
        // The daemon's life goes on while the client runs; on a thread of its own, for tasks share theirs with all tests.
        let life = DispatchSource.makeTimerSource(queue: DispatchQueue(label: "telemetry"))
        let number = Mutex<Int64>(0)
        life.setEventHandler {
            let n = number.withLock { number in
                number += 1
                return number
            }
            publisher.publish(kind: "campaign", data: ["trials": .int(n), "s": 2.5])
        }
        life.schedule(deadline: .now(), repeating: .milliseconds(10))
        life.resume()
        defer { life.cancel() }
        let output = try run(
            "/usr/bin/python3", "\(sourceRoot())/Tests/python/telemetry_client.py", daemon.control, daemon.telemetry,
            "5")
        // Without Debian's python3-zmq this fails: the interface is promised to Python users.
        #expect(output.status == 0, "\(output.text)")
        let lines = output.text.split(separator: "\n")
        #expect(lines.first?.hasPrefix("snapshot ") == true)
        #expect(lines.first?.hasSuffix(" test") == true)
        try #require(lines.count == 6, "\(output.text)")
        let numbers = lines.compactMap { $0.split(separator: " ").dropFirst().first.flatMap { UInt64($0) } }
        #expect(numbers == (0..<6).map { numbers[0] + $0 })
        #expect(lines[1].contains(" campaign {\"s\": 2.5, \"trials\": "))
    }

    private func sourceRoot() -> String {
        "/" + #filePath.split(separator: "/").dropLast(3).joined(separator: "/")
    }

    /// Runs a program to its end and returns what it printed, errors included.
    private func run(_ words: String...) throws -> (status: Int32, text: String) {
        let command = words.map { "'\($0)'" }.joined(separator: " ") + " 2>&1"
        let pipe = try #require(popen(command, "r"))
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 4096)
        while case let count = fread(&buffer, 1, buffer.count, pipe), count > 0 { bytes += buffer[..<count] }
        return (pclose(pipe), String(decoding: bytes, as: UTF8.self))
    }
}
