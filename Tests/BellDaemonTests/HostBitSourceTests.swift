import BellHost
import BellModel
import BellZeroMQ
import Glibc
import Testing
import TestSupport

@testable import BellDaemon

@Suite struct HostBitSourceTests {
    private static let patience = Duration.milliseconds(50)

    private let reactor: Reactor

    init() throws { reactor = try Reactor(context: try ZeroMQContext(), name: "test") }

    /// 1024 bits that pass: a startup test.
    private let startup = (0..<128).map { UInt8(truncatingIfNeeded: $0 &* 73 &+ 5) }

    private func source(_ address: String, patience: Duration = Self.patience) throws -> HostBitSource {
        try HostBitSource(address: address, reactor: reactor, patience: patience)
    }

    private func unpacked(_ bytes: [UInt8]) -> [UInt8] {
        bytes.flatMap { byte in (0..<8).map { byte >> UInt8(7 - $0) & 1 } }
    }

    @Test("bit i of a file belongs to trial i, however it is asked for")
    func file() async throws {
        let folder = try TemporaryFolder()
        let bytes = (0..<100).map { UInt8(truncatingIfNeeded: $0 &* 73 &+ 5) }
        try writeFileAtomically(folder.file("bits"), bytes)
        let bits = unpacked(bytes)
        let source = try source("file:\(folder.file("bits"))")
        for range in [0..<8, 0..<1, 7..<9, 3..<800, 799..<800, 400..<400, 0..<800] {
            let got = try await source.bits(for: UInt64(range.lowerBound)..<UInt64(range.upperBound))
            #expect(got == Array(bits[range]))
        }
        let error = await #expect(throws: BellError.self) { try await source.bits(for: 0..<801) }
        #expect(error?.code == .hostBits)
        #expect(error?.place == "file:\(folder.file("bits"))")
        #expect(error?.cause == "the file ends before bit 801")
    }

    @Test("a missing file is told, and looked for again")
    func missingFile() async throws {
        let folder = try TemporaryFolder()
        let source = try source("file:\(folder.file("bits"))")
        let error = await #expect(throws: BellError.self) { try await source.bits(for: 0..<8) }
        #expect(error?.cause == "No such file or directory")
        try writeFileAtomically(folder.file("bits"), [0b1010_0101])
        #expect(try await source.bits(for: 0..<8) == [1, 0, 1, 0, 0, 1, 0, 1])
    }

    @Test("a character device gives as many bits as are asked for")
    func device() async throws {
        let random = try self.source("device:/dev/urandom")
        let bits = try await random.bits(for: 0..<4096)
        #expect(bits.count == 4096)
        #expect(bits.allSatisfy { $0 <= 1 })
        // 4096 fair bits: 2048 ± 32; 20 standard deviations.
        #expect((1400...2700).contains(bits.reduce(0) { $0 + Int($1) }))
        #expect(random.status.health == .ok)
        // The startup test's bits, and not one more than needed.
        #expect(random.status.tested == 1024 + 4096)
        #expect(random.status.waiting == 0)
    }

    @Test("a device that gives nothing but zeros is stopped; three times, and it is out of use")
    func zeros() async throws {
        let source = try source("device:/dev/zero")
        for alarm in 1...4 {
            let error = await #expect(throws: BellError.self) { try await source.bits(for: 5..<1030) }
            #expect(error?.code == .hostBitsHealth)
            #expect(error?.place == "device:/dev/zero")
            #expect(source.status.health == (alarm < 3 ? .alarm : .failed))
            #expect(source.status.alarms == UInt64(min(alarm, 3)))
            #expect(error?.fix?.hasPrefix(alarm < 3 ? "check the source" : "repair or replace") == true)
        }
    }

    @Test("a pipe without a writer stops nothing, and no bit of it is used twice or lost")
    func pipe() async throws {
        let folder = try TemporaryFolder()
        let path = folder.file("pipe")
        #expect(mkfifo(path, 0o600) == 0)
        let source = try source("device:\(path)")
        let error = await #expect(throws: BellError.self) { try await source.bits(for: 0..<16) }
        #expect(error?.code == .hostBits)
        #expect(
            error?.cause
                == "16 bits are needed, 0 have come within 0.05 seconds; the startup test has 0 of 1024 bits")
        let writer = open(path, O_WRONLY | O_NONBLOCK)
        // What the startup test looks at is not used.
        #expect(write(writer, startup + [0xf0], 129) == 129)
        // Too few: what came is kept.
        let second = await #expect(throws: BellError.self) { try await source.bits(for: 0..<16) }
        #expect(second?.cause == "16 bits are needed, 8 have come within 0.05 seconds")
        #expect(write(writer, [0xaa, 0x55] as [UInt8], 2) == 2)
        close(writer)
        #expect(try await source.bits(for: 0..<16) == unpacked([0xf0, 0xaa]))
        let third = try await source.bits(for: 16..<24)
        #expect(third == unpacked([0x55]))
    }

    @Test("a file that fails is refused, and nothing but what stands in it decides")
    func badFile() async throws {
        let folder = try TemporaryFolder()
        let path = folder.file("bits")
        var bytes = startup + startup + startup
        // The byte before ends with three zeros.
        bytes.replaceSubrange(128 + 60..<128 + 70, with: [UInt8](repeating: 0, count: 10))
        try writeFileAtomically(path, bytes)
        let source = try source("file:\(path)")
        #expect(try await source.bits(for: 0..<1024) == unpacked(startup))
        for range in [1024..<1025, 1000..<1030, 2047..<2048, 0..<3072] as [Range<UInt64>] {
            let error = await #expect(throws: BellError.self) { try await source.bits(for: range) }
            #expect(error?.code == .hostBitsHealth)
            #expect(error?.state == "no trial was started with those bits")
            #expect(
                error?.cause?.hasPrefix("bit 1541 of the file: 41 equal bits in a row, 41 are too many") == true)
            #expect(source.status.health == .alarm)
        }
        #expect(try await source.bits(for: 2048..<3072) == unpacked(startup))
        #expect(source.status.health == .ok)
        #expect(source.status.alarms == 4)
        try writeFileAtomically(path, startup + startup + startup)
        #expect(try await source.bits(for: 1024..<2048) == unpacked(startup))
    }

    @Test("a pipe or a device is no file: bit i of a stream is not trial i's")
    func streamAsFile() async throws {
        let folder = try TemporaryFolder()
        #expect(mkfifo(folder.file("pipe"), 0o600) == 0)
        for path in [folder.file("pipe"), "/dev/zero", folder.path] {
            let source = try source("file:\(path)")
            let error = await #expect(throws: BellError.self) { try await source.bits(for: 0..<8) }
            #expect(error?.code == .hostBitsAddress)
            #expect(error?.fix == "write device:\(path)")
        }
    }

    @Test("a regular file is no device: its bits would come again after a restart")
    func regularDevice() throws {
        let folder = try TemporaryFolder()
        try writeFileAtomically(folder.file("bits"), [1, 2, 3])
        let error = try #require(throws: BellError.self) { try source("device:\(folder.file("bits"))") }
        #expect(error.code == .hostBitsAddress)
        #expect(error.fix == "write file:\(folder.file("bits"))")
        #expect(throws: BellError.self) { try source("device:\(folder.file("none"))") }
    }

    @Test("bits over ZeroMQ are used in their order, once each")
    func zeroMQ() async throws {
        let folder = try TemporaryFolder()
        let endpoint = "ipc://\(folder.file("bits"))"
        let channel = try reactor.open(.push, bind: [endpoint]) { _ in }
        let source = try source("zmq:\(endpoint)", patience: .seconds(20))
        let bytes = (0..<64).map { UInt8($0) }
        try channel.send([startup])
        for byte in bytes { try channel.send([[byte]]) }
        var bits: [UInt8] = []
        for first in stride(from: 0, to: 512, by: 128) as StrideTo<UInt64> {
            bits += try await source.bits(for: first..<first + 128)
        }
        #expect(bits == unpacked(bytes))
    }

    @Test("an endpoint that stays silent is told")
    func silentEndpoint() async throws {
        let folder = try TemporaryFolder()
        let source = try source("zmq:ipc://\(folder.file("nobody"))")
        let error = await #expect(throws: BellError.self) { try await source.bits(for: 0..<8) }
        #expect(error?.place == "zmq:ipc://\(folder.file("nobody"))")
    }

    @Test(
        "an address of no known kind is refused",
        arguments: ["", "bits", "usb:1", "file:", "serial:/dev/null", "zmq:carrier-pigeon://x", "zmq:"])
    func addresses(address: String) throws {
        #expect(throws: BellError.self) { try source(address) }
    }

    @Test("a stream that fails while nobody asks is told at the next arm, and its bits are dropped")
    func zeroMQAlarm() async throws {
        let folder = try TemporaryFolder()
        let endpoint = "ipc://\(folder.file("bits"))"
        let channel = try reactor.open(.push, bind: [endpoint]) { _ in }
        let source = try source("zmq:\(endpoint)", patience: .seconds(20))
        try channel.send([startup + startup])
        #expect(try await source.bits(for: 0..<8) == unpacked([startup[0]]))
        try channel.send([[UInt8](repeating: 0xff, count: 1000)])
        try await eventually("the alarm") { source.status.health == .alarm }
        #expect(source.status.waiting == 0)
        let error = await #expect(throws: BellError.self) { try await source.bits(for: 8..<16) }
        #expect(error?.code == .hostBitsHealth)
        // The campaign comes back after a while; what was sent meanwhile is gone.
        let answer = Task { try await source.bits(for: 8..<16) }
        try await eventually("the startup test") { source.status.health == .startup }
        try channel.send([startup])
        try channel.send([[0x5a]])
        #expect(try await answer.value == unpacked([0x5a]))
        #expect(source.status.json["last_alarm"]?["test"] == "repetition count")
    }
}
