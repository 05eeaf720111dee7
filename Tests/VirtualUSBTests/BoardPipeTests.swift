import BellModel
import DriverKit
import Glibc
import Synchronization
import Testing

@testable import VirtualUSB

/// Frames of the board protocol through the bulk pipes of a simulated board.
@Suite struct BoardPipeTests {
    /// What a board received.
    private final class Inbox: Sendable {
        let frames = Mutex<[[UInt8]]>([])
        let over = Mutex<[UInt64]>([])

        /// The frames, as soon as there are so many; at the latest after 20 s.
        func all(_ count: Int) async throws -> [[UInt8]] {
            for _ in 0..<20_000 where frames.withLock({ $0.count < count }) {
                try await Task.sleep(for: .milliseconds(1))
            }
            return frames.withLock { $0 }
        }
    }

    private static func frame(_ sequence: UInt32, _ size: Int) -> [UInt8] {
        let payload = (0..<size).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ Int(sequence)) }
        return Frame(type: 7, sequence: sequence, payload: payload).encoded()
    }

    private func board(_ inbox: Inbox) -> VirtualUSBBoard {
        VirtualUSBBoard(
            serial: "ALICE01", disconnected: { connection in inbox.over.withLock { $0.append(connection) } }
        ) { frame, _ in inbox.frames.withLock { $0.append(frame) } }
    }

    private func open(_ board: VirtualUSBBoard) async throws(BellError) -> (VirtualBus, any USBInterface) {
        let bus = VirtualBus([board.device])
        let choice = USBInterfaceChoice.kind(class: 0xFF, subclass: nil, protocol: nil)
        return (bus, try await bus.open(vendor: 0x1209, product: 0xBE11, serial: "ALICE01", interface: choice))
    }

    @Test("Frames arrive whole, wherever the transfers are cut")
    func everySplit() async throws {
        let frames = [Self.frame(1, 0), Self.frame(2, 5), Self.frame(3, 40)]
        let bytes = frames.flatMap { $0 }
        for cut in 0...bytes.count {
            let inbox = Inbox()
            let board = board(inbox)
            let (bus, interface) = try await open(board)
            try await interface.write(Array(bytes[..<cut]), to: 0x01, timeout: .seconds(5))
            try await interface.write(Array(bytes[cut...]), to: 0x01, timeout: .seconds(5))
            #expect(try await inbox.all(3) == frames, "cut at \(cut)")
            withExtendedLifetime(bus) {}
        }
    }

    @Test("Waiting frames are packed back to back into reads of any size", arguments: [1, 24, 25, 64, 512, 4096])
    func packing(count: Int) async throws {
        let board = board(Inbox())
        let (bus, interface) = try await open(board)
        let frames = (1...20).map { Self.frame(UInt32($0), $0 * 13) }
        for frame in frames { #expect(board.send(frame, on: board.connection)) }
        let total = frames.reduce(0) { $0 + $1.count }
        var got: [UInt8] = []
        while got.count < total {
            let part = try await interface.read(count, from: 0x81, timeout: .seconds(5))
            #expect(part.count == min(count, total - got.count))
            got += part
        }
        #expect(got == frames.flatMap { $0 })
        withExtendedLifetime(bus) {}
    }

    @Test("A waiting read gets a frame as soon as it is sent, also in answer to a received one")
    func answers() async throws {
        let holder = Mutex<VirtualUSBBoard?>(nil)
        let board = VirtualUSBBoard(serial: "ALICE01") { frame, connection in
            holder.withLock { $0 }?.send(frame, on: connection)
        }
        holder.withLock { $0 = board }
        let (bus, interface) = try await open(board)
        async let echo = interface.read(4096, from: 0x81, timeout: .seconds(30))
        try await interface.write(Self.frame(9, 100), to: 0x01, timeout: .seconds(5))
        #expect(try await echo == Self.frame(9, 100))
        holder.withLock { $0 = nil }
        withExtendedLifetime(bus) {}
    }

    @Test(
        "A re-plug and a reset start a new connection: half a frame and what waited are gone", arguments: [true, false])
    func newConnection(byCable: Bool) async throws {
        let inbox = Inbox()
        let board = board(inbox)
        var (bus, interface) = try await open(board)
        let old = board.connection
        try await interface.write(Array(Self.frame(1, 100)[..<50]), to: 0x01, timeout: .seconds(5))
        #expect(board.send(Self.frame(2, 10), on: old))
        if byCable {
            board.device.unplug()
            board.device.plug()
            (bus, interface) = try await open(board)
        } else {
            try await interface.reset()
        }
        #expect(!board.send(Self.frame(3, 10), on: old))
        #expect(board.send(Self.frame(4, 10), on: board.connection))
        #expect(try await interface.read(4096, from: 0x81, timeout: .seconds(5)) == Self.frame(4, 10))
        try await interface.write(Self.frame(5, 10), to: 0x01, timeout: .seconds(5))
        #expect(try await inbox.all(1) == [Self.frame(5, 10)])
        #expect(inbox.over.withLock { $0 }.contains(old))
        withExtendedLifetime(bus) {}
    }

    @Test("A host that does not read is not sent more than the limit")
    func limit() async throws {
        let board = VirtualUSBBoard(serial: "ALICE01", sendLimit: 1000) { _, _ in }
        let frame = Self.frame(1, 276)
        #expect((0..<5).map { _ in board.send(frame, on: board.connection) } == [true, true, true, false, false])
    }

    @Test("Garbage on the wire is skipped")
    func garbage() async throws {
        let inbox = Inbox()
        let board = board(inbox)
        let (bus, interface) = try await open(board)
        let noise = [UInt8](repeating: 0x42, count: 700)
        try await interface.write(noise + Self.frame(1, 8) + noise, to: 0x01, timeout: .seconds(5))
        try await interface.write(Self.frame(2, 8), to: 0x01, timeout: .seconds(5))
        #expect(try await inbox.all(2) == [Self.frame(1, 8), Self.frame(2, 8)])
        withExtendedLifetime(bus) {}
    }

    @Test("A board that does not keep up makes the host wait, and nothing is lost")
    func slowBoard() async throws {
        let gate = Inbox()
        let isOpen = Mutex(false)
        let board = VirtualUSBBoard(serial: "ALICE01") { frame, _ in
            while !isOpen.withLock({ $0 }) { usleep(1000) }
            gate.frames.withLock { $0.append(frame) }
        }
        let (bus, interface) = try await open(board)
        let frames = (1...24).map { Self.frame(UInt32($0), 1 << 20) }
        let writer = Task { for frame in frames { try await interface.write(frame, to: 0x01, timeout: .seconds(60)) } }
        try await Task.sleep(for: .milliseconds(50))
        isOpen.withLock { $0 = true }
        try await writer.value
        #expect(try await gate.all(frames.count) == frames)
        withExtendedLifetime(bus) {}
    }

    @Test("A player may send with a lock held that its receiver wants, too")
    func locks() async throws {
        let lock = Mutex(0)
        let inbox = Inbox()
        let board = VirtualUSBBoard(serial: "ALICE01") { frame, _ in
            lock.withLock { $0 += 1 }
            inbox.frames.withLock { $0.append(frame) }
        }
        let (bus, interface) = try await open(board)
        let sender = Task.detached {
            for number in 1...500 as ClosedRange<UInt32> {
                lock.withLock { _ in _ = board.send(Self.frame(number, 8), on: board.connection) }
            }
        }
        for number in 1...100 as ClosedRange<UInt32> {
            try await interface.write(Self.frame(number, 8), to: 0x01, timeout: .seconds(20))
        }
        await sender.value
        #expect(try await inbox.all(100).count == 100)
        withExtendedLifetime(bus) {}
    }
}
