import BellHost
import BellModel
import BellZeroMQ
import Glibc
import Testing

@testable import BellDaemon

@Suite struct HostBitSourceTests {
    private static let patience = Duration.milliseconds(50)

    private let reactor: Reactor

    init() throws { reactor = try Reactor(context: try ZeroMQContext(), name: "test") }

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
        let source = try source("device:/dev/zero")
        #expect(try await source.bits(for: 5..<1030) == [UInt8](repeating: 0, count: 1025))
        let random = try self.source("device:/dev/urandom")
        let bits = try await random.bits(for: 0..<4096)
        #expect(bits.count == 4096)
        #expect(bits.allSatisfy { $0 <= 1 })
        // 4096 fair bits: 2048 ± 32; 20 standard deviations.
        #expect((1400...2700).contains(bits.reduce(0) { $0 + Int($1) }))
    }

    @Test("a pipe without a writer stops nothing, and no bit of it is used twice or lost")
    func pipe() async throws {
        let folder = try TemporaryFolder()
        let path = folder.file("pipe")
        #expect(mkfifo(path, 0o600) == 0)
        let source = try source("device:\(path)")
        let error = await #expect(throws: BellError.self) { try await source.bits(for: 0..<16) }
        #expect(error?.code == .hostBits)
        #expect(error?.cause == "16 bits are needed, 0 have come within 0.05 seconds")
        let writer = open(path, O_WRONLY | O_NONBLOCK)
        #expect(write(writer, [0xf0] as [UInt8], 1) == 1)
        // Too few: what came is kept.
        let second = await #expect(throws: BellError.self) { try await source.bits(for: 0..<16) }
        #expect(second?.cause == "16 bits are needed, 8 have come within 0.05 seconds")
        #expect(write(writer, [0xaa, 0x55] as [UInt8], 2) == 2)
        close(writer)
        #expect(try await source.bits(for: 0..<16) == unpacked([0xf0, 0xaa]))
        let third = try await source.bits(for: 16..<24)
        #expect(third == unpacked([0x55]))
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
        "an address of no known kind is refused", arguments: ["", "bits", "usb:1", "file:", "zmq:carrier-pigeon://x"])
    func addresses(address: String) throws {
        #expect(throws: BellError.self) { try source(address) }
    }

    @Test("a queue that holds much asks for a pause, and for more once it is nearly empty")
    func queue() throws {
        let queue = HostBitQueue()
        let part = [UInt8](repeating: 7, count: 1 << 18)
        #expect(!queue.append(part))
        #expect(!queue.append(part))
        #expect(!queue.append(part))
        #expect(queue.append(part))
        #expect(queue.count == 1 << 20)
        #expect(queue.take(2 << 20) == nil)
        #expect(try #require(queue.take(1 << 19)).hasRoom == false)
        let last = try #require(queue.take((1 << 18) + 1))
        #expect(last.hasRoom)
        #expect(last.bytes.allSatisfy { $0 == 7 })
        #expect(try #require(queue.take(1)).hasRoom == false)
        #expect(queue.count == (1 << 18) - 2)
    }
}
