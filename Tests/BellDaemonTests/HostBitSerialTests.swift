import BellModel
import BellRandomness
import BellZeroMQ
import Glibc
import Synchronization
import Testing
import TestSupport

@testable import BellDaemon

/// A pseudo-terminal stands for the USB random number generator: a real tty with real termios, which is hung up when its
/// master closes, as by an unplugged cable. Kernel code, no hardware.
@Suite(.blocking) struct HostBitSerialTests {
    /// The device's side of the line; a link of a fixed name leads to the tty, as /dev/serial/by-id does.
    private final class Generator: Sendable {
        private let master: Mutex<Int32>
        private let link: String

        init(link: String) throws {
            self.link = link
            // What posix_openpt(3), unlockpt(3) and ptsname(3) do, which Glibc's module hides: TIOCSPTLCK and TIOCGPTN of
            // asm-generic/ioctls.h.
            let fd = open("/dev/ptmx", O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC)
            try #require(fd >= 0)
            var lock: CInt = 0
            try #require(ioctl(fd, 0x4004_5431, &lock) == 0)
            var number: CUnsignedInt = 0
            try #require(ioctl(fd, 0x8004_5430, &number) == 0)
            unlink(link)
            try #require(symlink("/dev/pts/\(number)", link) == 0)
            master = Mutex(fd)
        }

        deinit { unplug() }

        func send(_ bytes: [UInt8]) { master.withLock { #expect(write($0, bytes, bytes.count) == bytes.count) } }

        func unplug() {
            master.withLock {
                // Once: the link may be another generator's by now.
                guard $0 >= 0 else { return }
                close($0)
                $0 = -1
                unlink(link)
            }
        }
    }

    private let folder: TemporaryFolder
    private let reactor: Reactor
    private let link: String
    /// All values of a byte, control characters first of all, and none of them may be changed by the line.
    private let good = (0..<1024).map { UInt8(truncatingIfNeeded: $0 &* 73 &+ $0 / 256) }

    init() throws {
        folder = try TemporaryFolder()
        reactor = try Reactor(context: try ZeroMQContext(), name: "test")
        link = folder.file("rng")
    }

    private func source(_ more: String = "", patience: Duration = .seconds(20)) throws -> HostBitSource {
        try HostBitSource(address: "serial:\(link)\(more)", reactor: reactor, patience: patience)
    }

    private func bits(_ bytes: some Collection<UInt8>) -> [UInt8] { unpackedBits(Array(bytes), 0..<bytes.count * 8) }

    @Test("bytes come as they were sent, all 256 of them, after those of the startup test")
    func data() async throws {
        let generator = try Generator(link: link)
        let source = try source()
        #expect(source.status.health == .startup)
        generator.send(good)
        #expect(try await source.bits(for: 0..<(1024 - 128) * 8) == bits(good.dropFirst(128)))
        let status = source.status
        #expect(status.health == .ok)
        #expect(status.tested == 8192)
        #expect(status.name == "serial:\(link)")
        #expect(status.json["health"] == "ok")
        #expect(status.json["alarms"] == 0)
    }

    @Test("what the line held before it was opened is dropped")
    func stale() async throws {
        let generator = try Generator(link: link)
        // A tty must be open to hold anything, and raw to be readable at once.
        let other = try source("@9600")
        generator.send([UInt8](repeating: 0xff, count: 500))
        // The kernel moves bytes along the line by itself.
        try await Task.sleep(for: .milliseconds(100))
        let source = try source("@921600")
        generator.send(good)
        #expect(try await source.bits(for: 0..<8) == bits(good[128..<129]))
        #expect(other.status.tested == 0)
    }

    @Test("silence is told with what has come")
    func silence() async throws {
        let generator = try Generator(link: link)
        let source = try source(patience: .milliseconds(30))
        generator.send(Array(good.prefix(28)))
        let error = await #expect(throws: BellError.self) { try await source.bits(for: 0..<8) }
        #expect(error?.code == .hostBits)
        #expect(
            error?.cause == "8 bits are needed, 0 have come within 0.03 seconds; the startup test has 224 of 1024 bits")
    }

    @Test("an unplugged device is told as unplugged, and used again after a startup test when it comes back")
    func unplug() async throws {
        var generator = try Generator(link: link)
        let source = try source(patience: .milliseconds(300))
        generator.send(good)
        #expect(try await source.bits(for: 0..<80) == bits(good[128..<138]))
        generator.unplug()
        // What the line held is lost with it.
        let error = await #expect(throws: BellError.self) { try await source.bits(for: 80..<100_000) }
        #expect(error?.code == .hostBits)
        #expect(error?.what == "The host's source of input bits is unplugged.")
        #expect(error?.place == "serial:\(link)")
        #expect(source.status.health == .unplugged)
        _ = await #expect(throws: BellError.self) { try await source.bits(for: 80..<100_000) }
        #expect(source.status.absence == "open: No such file or directory")
        #expect(source.status.json["absence"] == "open: No such file or directory")
        let waiting = source.status.waiting
        #expect(waiting % 8 == 0)
        generator = try Generator(link: link)
        // The line is flushed when it is opened, so the generator goes on sending, as a real one does.
        let sender = Task { [generator, good] in
            while !Task.isCancelled {
                generator.send(Array(good.prefix(256)))
                try? await Task.sleep(for: .milliseconds(20))
            }
        }
        defer { sender.cancel() }
        try await eventually("the device is back") {
            do throws(BellError) {
                return try await source.bits(for: 80..<80 + UInt64(waiting) + 80).count == waiting + 80
            } catch {
                #expect(error.code == .hostBits)
                return false
            }
        }
        #expect(source.status.health == .ok)
        #expect(source.status.absence == nil)
        #expect(source.status.alarms == 0)
    }

    @Test("a generator that is stuck alarms, then goes on after a new startup test; the third alarm is final")
    func alarm() async throws {
        let generator = try Generator(link: link)
        let source = try source(patience: .milliseconds(300))
        generator.send(Array(good.prefix(200)) + [UInt8](repeating: 0, count: 300))
        let error = await #expect(throws: BellError.self) { try await source.bits(for: 0..<8 * 372) }
        #expect(error?.code == .hostBitsHealth)
        #expect(error?.code.exit == .hardware)
        #expect(error?.what == "The host's source of input bits failed the repetition count test.")
        #expect(
            error?.cause?.hasSuffix("equal bits in a row, 41 are too many (SP 800-90B, H = 1.0 a bit, alpha = 2^-40)")
                == true)
        #expect(
            error?.state == "alarm 1: the bits not handed out yet are dropped; no trial was started with them")
        #expect(
            error?.fix == "check the source; the campaign goes on by itself after 1024 fresh bits that pass")
        #expect(source.status.health == .alarm)
        #expect(source.status.lastAlarm?.count == 41)
        // The campaign comes back: what the kernel held is dropped, and nothing comes without 1024 fresh bits.
        let second = await #expect(throws: BellError.self) { try await source.bits(for: 0..<8) }
        #expect(second?.code == .hostBits)
        #expect(source.status.health == .startup)
        generator.send(good)
        #expect(try await source.bits(for: 0..<8) == bits(good[128..<129]))
        #expect(source.status.health == .ok)
        #expect(source.status.alarms == 1)
        for count in [2, 3] as [UInt64] {
            generator.send([UInt8](repeating: 0xff, count: 500))
            let error = await #expect(throws: BellError.self) { try await source.bits(for: 0..<16_000) }
            #expect(error?.code == .hostBitsHealth)
            #expect(source.status.alarms == count)
            if count == 2 { _ = await #expect(throws: BellError.self) { try await source.bits(for: 0..<8) } }
        }
        generator.send(good)
        let last = await #expect(throws: BellError.self) { try await source.bits(for: 0..<8) }
        #expect(last?.fix == "repair or replace the source, then run `bellctl campaign resume`")
        #expect(last?.state?.hasPrefix("3 alarms within 16777216 bits: the source is out of use") == true)
        #expect(source.status.health == .failed)
        source.reset()
        generator.send(good)
        #expect(try await source.bits(for: 0..<8) == bits(good[128..<129]))
    }

    @Test("a path that is no tty is refused")
    func noTTY() throws {
        for path in ["/dev/null", "/dev/urandom", folder.path] {
            let error = try #require(throws: BellError.self) {
                try HostBitSource(address: "serial:\(path)", reactor: reactor)
            }
            #expect(error.code == .hostBitsAddress)
            #expect(error.what == "\(path) is no tty.")
        }
        let missing = try #require(throws: BellError.self) {
            try HostBitSource(address: "serial:\(folder.file("none"))", reactor: reactor)
        }
        #expect(missing.code == .hostBits)
        #expect(missing.what == "The host's source of input bits is unplugged.")
        #expect(missing.cause == "open: No such file or directory")
    }

    @Test("a tty is no device: its line discipline would change bits")
    func terminalAsDevice() throws {
        let generator = try Generator(link: link)
        let error = try #require(throws: BellError.self) {
            try HostBitSource(address: "device:\(link)", reactor: reactor)
        }
        #expect(error.fix == "write serial:\(link)")
        generator.unplug()
    }

    @Test("attempts to open it again get rarer, up to 5 s")
    func backoff() {
        #expect(
            (0...8).map { HostBitSerial.backoff(attempts: $0) }
                == [100, 200, 400, 800, 1600, 3200, 5000, 5000, 5000].map { .milliseconds($0) })
    }
}
