import BellModel
import DriverKit
import Synchronization
import Testing

@testable import USBTransport

@Suite("The board protocol over USB pipes")
struct TransportTests {
    private static func frame(_ sequence: UInt32, _ size: Int) -> [UInt8] {
        Frame(type: 7, sequence: sequence, payload: [UInt8](repeating: UInt8(sequence & 0xFF), count: size)).encoded()
    }

    /// Waits for something that another thread does; 10 s at the most.
    private func eventually(_ condition: () -> Bool) async -> Bool {
        for _ in 0..<2000 {
            if condition() { return true }
            try? await Task.sleep(for: .milliseconds(5))
        }
        return condition()
    }

    /// Reads all frames up to the end; the end's error.
    private func drain(_ transport: USBTransport) async -> (frames: [[UInt8]], error: BellError?) {
        var frames: [[UInt8]] = []
        do {
            for try await frame in transport.incoming { frames.append(frame) }
        } catch {
            return (frames, error as? BellError)
        }
        return (frames, nil)
    }

    // MARK: Reading

    @Test("frames come out whole, wherever transfers are cut, and garbage is counted")
    func reading() async throws {
        let pipes = ScriptedPipes()
        let transport = try USBTransport.make(pipes)
        let stream = try #require(pipes.stream)
        let frames = [Self.frame(1, 0), Self.frame(2, 700), Self.frame(3, 5)]
        let bytes = [1, 2, 3] + frames.flatMap(\.self)
        for start in stride(from: 0, to: bytes.count, by: 100) {
            stream.deliver(Array(bytes[start..<min(start + 100, bytes.count)]))
        }
        var iterator = transport.incoming.makeAsyncIterator()
        for frame in frames { #expect(try await iterator.next() == frame) }
        let counts = transport.counts
        #expect(counts.bytesRead == UInt64(bytes.count))
        #expect(counts.garbageBytes == 3)
        #expect(counts.garbledFrames == 0)
        transport.close()
        #expect(try await iterator.next() == nil)
        #expect(pipes.isClosed)
        #expect(stream.isStopped)
    }

    @Test("a transport that was closed holds nothing any more", arguments: [true, false])
    func released(isFailed: Bool) async throws {
        weak var interface: ScriptedPipes?
        do {
            let pipes = ScriptedPipes()
            let transport = try USBTransport.make(pipes)
            interface = pipes
            if isFailed { pipes.stream?.fail(.usbUnplugged) }
            transport.close()
        }
        #expect(await eventually { interface == nil })
    }

    @Test("a stalled pipe is cleared and goes on in the middle of a frame", arguments: [1, 2, 3])
    func inStall(times: Int) async throws {
        let pipes = ScriptedPipes()
        let transport = try USBTransport.make(pipes)
        let stream = try #require(pipes.stream)
        let frame = Self.frame(1, 1000)
        stream.deliver(Array(frame[..<512]))
        for time in 1...times {
            stream.fail(.usbStall)
            #expect(await eventually { stream.starts == time + 1 })
        }
        stream.deliver(Array(frame[512...]))
        var iterator = transport.incoming.makeAsyncIterator()
        #expect(try await iterator.next() == frame)
        #expect(pipes.cleared == [UInt8](repeating: 0x81, count: times))
        #expect(transport.counts.readFailures == UInt64(times))
        transport.close()
    }

    @Test("the fourth stall in a row ends the transport with usb.stall; what came before is still read")
    func stallsWithoutEnd() async throws {
        let pipes = ScriptedPipes()
        let transport = try USBTransport.make(pipes)
        let stream = try #require(pipes.stream)
        stream.deliver(Self.frame(1, 10))
        // On a machine that stops for a second in between, more than four are borne.
        for _ in 0..<100 where !pipes.isClosed {
            let starts = stream.starts
            stream.fail(.usbStall)
            #expect(await eventually { stream.starts > starts || pipes.isClosed })
        }
        let (frames, error) = await drain(transport)
        #expect(error?.code == .usbStall)
        #expect(frames == [Self.frame(1, 10)])
        #expect(pipes.isClosed)
        #expect(throws: BellError.self) { try transport.send([1]) }
    }

    @Test("65 empty transfers in a row end the transport with usb.io that says so")
    func empties() async throws {
        let pipes = ScriptedPipes()
        let transport = try USBTransport.make(pipes)
        let stream = try #require(pipes.stream)
        for _ in 0..<64 { stream.deliver([]) }
        stream.deliver(Self.frame(1, 1))
        for _ in 0..<65 { stream.deliver([]) }
        let (frames, error) = await drain(transport)
        #expect(frames == [Self.frame(1, 1)])
        #expect(error?.code == .usbIO)
        #expect(error?.what == "The USB device sends empty packets without end.")
        #expect(error?.fix?.contains("firmware") == true)
        #expect(transport.counts.emptyReads == 129)
    }

    @Test(
        "what cannot be mended ends the transport at once, with its own code",
        arguments: [BellError.Code.usbUnplugged, .usbOverflow, .usbMemory, .usbClosed])
    func fatal(code: BellError.Code) async throws {
        let pipes = ScriptedPipes()
        let transport = try USBTransport.make(pipes)
        try #require(pipes.stream).fail(code)
        let (_, error) = await drain(transport)
        #expect(error?.code == code)
        #expect(pipes.cleared.isEmpty)
        let refusal = #expect(throws: BellError.self) { try transport.send(Self.frame(1, 1)) }
        #expect(refusal?.code == code)
    }

    @Test("an I/O error whose mending finds the device gone is usb.unplugged")
    func unpluggedWhileMending() async throws {
        let pipes = ScriptedPipes(clearing: BellError(.usbUnplugged, "Gone."))
        let transport = try USBTransport.make(pipes)
        try #require(pipes.stream).fail(.usbIO)
        let (_, error) = await drain(transport)
        #expect(error?.code == .usbUnplugged)
    }

    @Test("a stall that cannot be cleared ends the transport with the stall, and says what the clearing said")
    func unclearable() async throws {
        let pipes = ScriptedPipes(clearing: BellError(.usbIO, "No."))
        let transport = try USBTransport.make(pipes)
        try #require(pipes.stream).fail(.usbStall)
        let (_, error) = await drain(transport)
        #expect(error?.code == .usbStall)
        #expect(error?.others.map(\.what) == ["No."])
    }

    @Test("a reader that is 16 MiB behind pauses the pipe, and lets it go on later")
    func backPressure() async throws {
        let pipes = ScriptedPipes()
        let transport = try USBTransport.make(pipes)
        let stream = try #require(pipes.stream)
        let frame = Self.frame(1, 1 << 20)
        for count in 1...20 {
            stream.deliver(frame)
            #expect(stream.pauses == (count < 16 ? 0 : 1))
        }
        var iterator = transport.incoming.makeAsyncIterator()
        for _ in 0..<20 { #expect(try await iterator.next()?.count == frame.count) }
        #expect(stream.pauses == 1)
        #expect(stream.resumes == 1)
        transport.close()
    }

    // MARK: Writing

    @Test("frames go out in order, a full last packet with an empty one behind it")
    func writing() throws {
        let pipes = ScriptedPipes()
        let transport = try USBTransport.make(pipes)
        let frames = [Self.frame(1, 8), Self.frame(2, 1000), Self.frame(3, 300_000)]
        for frame in frames { try transport.send(frame) }
        // Compared outside of the expectation, whose account of a difference takes minutes.
        let isEqual = pipes.written.flatMap(\.self) == frames.flatMap(\.self)
        #expect(isEqual)
        #expect(pipes.written.count == 4)
        #expect(pipes.emptyPackets == 1)
        #expect(transport.counts.bytesWritten == UInt64(frames.reduce(0) { $0 + $1.count }))
        transport.close()
    }

    @Test("after a stalled write the bytes that were not taken go out again, and no others")
    func outStall() async throws {
        let pipes = ScriptedPipes { (number, bytes) in
            number == 2 ? (512, BellError(.usbStall, "Stalled.")) : (bytes.count, nil)
        }
        let transport = try USBTransport.make(pipes)
        let frames = (1...3).map { Self.frame($0, 1000) }
        for frame in frames { try transport.send(frame) }
        #expect(await eventually { pipes.written.count == 4 })
        #expect(pipes.cleared == [0x01])
        #expect(pipes.written == [frames[0], frames[1], Array(frames[1][512...]), frames[2]])
        #expect(transport.counts.writeFailures == 1)
        transport.close()
    }

    @Test("a stall cancels the writes behind it, which go out again")
    func outStallCancels() async throws {
        let pipes = ScriptedPipes { (number, bytes) in
            switch number {
            case 1, 2: nil
            case 3: (0, BellError(.usbStall, "Stalled."))
            default: (bytes.count, nil)
            }
        }
        let transport = try USBTransport.make(pipes)
        let frames = (1...3).map { Self.frame($0, 100) }
        for frame in frames { try transport.send(frame) }
        #expect(await eventually { pipes.written.count == 6 })
        #expect(Array(pipes.written.suffix(3)) == frames)
        transport.close()
    }

    @Test("a write pipe that stalls for ever ends the transport with usb.stall")
    func outStallsWithoutEnd() async throws {
        let pipes = ScriptedPipes { (_, _) in (0, BellError(.usbStall, "Stalled.")) }
        let transport = try USBTransport.make(pipes)
        try transport.send(Self.frame(1, 1))
        let (_, error) = await drain(transport)
        #expect(error?.code == .usbStall)
        #expect(pipes.cleared.count >= USBPipeHealth.tolerated)
    }

    @Test("a board that does not read makes transport.full, not endless memory; closing lets go of all of it")
    func full() throws {
        let pipes = ScriptedPipes { (_, _) in nil }
        let transport = try USBTransport.make(pipes)
        let frame = Self.frame(1, 1 << 20)
        var sent = 0
        let error = #expect(throws: BellError.self) {
            while sent < 100 {
                try transport.send(frame)
                sent += 1
            }
        }
        #expect(error?.code == .transportFull)
        #expect(sent == 7)
        #expect(pipes.written.count == 8)
        transport.close()
        #expect(pipes.isClosed)
        let closed = #expect(throws: BellError.self) { try transport.send(frame) }
        #expect(closed?.code == .transportClosed)
    }

    // MARK: Ends

    @Test("an interface without two bulk endpoints is closed and refused")
    func noPipes() {
        let pipes = ScriptedPipes(endpoints: [USBEndpoint(address: 0x81, kind: .bulk, maximumPacket: 512)])
        let error = #expect(throws: BellError.self) { try USBTransport.connect(interface: pipes) }
        #expect(error?.code == .usbNoInterface)
        #expect(pipes.isClosed)
    }

    @Test("a transport that nobody holds closes its interface")
    func dropped() throws {
        let pipes = ScriptedPipes()
        var transport: USBTransport? = try USBTransport.make(pipes)
        #expect(transport != nil)
        let stream = try #require(pipes.stream)
        transport = nil
        #expect(pipes.isClosed)
        #expect(stream.isStopped)
    }
}
