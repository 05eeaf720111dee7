public import BellModel
public import DriverKit
import Synchronization

/// The board protocol over two bulk pipes: frames back to back, in transfers of any size.
///
/// Reads are always under way; when the reader falls behind by 16 MiB no new ones are, and the board waits. A pipe that
/// stalls is cleared and goes on where it was; the fourth failure within a second without a good transfer in between ends
/// the transport with that error, a device that has gone at once with `usb.unplugged`. The last packet of a frame is
/// always a short one (an empty one if need be), so that a board need not know how long a transfer will be.
///
/// - SeeAlso: docs/board-protocol.md, "Transports".
public final class USBTransport: Transport {
    public let incoming: AsyncThrowingStream<[UInt8], any Error>
    private let queue: FrameQueue
    private let reader: USBFrameReader
    private let writer: USBFrameWriter
    private let interface: any USBInterface
    private let parts: Parts

    private init(
        _ queue: FrameQueue, _ reader: USBFrameReader, _ writer: USBFrameWriter, _ interface: any USBInterface,
        _ parts: Parts
    ) {
        self.queue = queue
        self.reader = reader
        self.writer = writer
        self.interface = interface
        self.parts = parts
        incoming = queue.stream
    }

    deinit { close() }

    /// Begins to read a claimed interface, which then belongs to the transport.
    ///
    /// - Throws: `usb.no-interface` when it has not a bulk endpoint in each direction, `usb.memory`, `usb.unplugged`.
    public static func connect(interface: any USBInterface) throws(BellError) -> any Transport {
        try make(interface)
    }

    /// Opens a board each time it is called: by its numbers and serial, wherever it is plugged in then.
    public static func opener(
        bus: any USBBus, vendor: UInt16, product: UInt16, serial: String,
        interface: USBInterfaceChoice = .kind(class: 0xFF, subclass: nil, protocol: nil)
    ) -> TransportOpener {
        { () async throws(BellError) -> any Transport in
            try connect(
                interface: await bus.open(vendor: vendor, product: product, serial: serial, interface: interface))
        }
    }

    static func make(_ interface: any USBInterface) throws(BellError) -> USBTransport {
        guard let input = interface.endpoint(.bulk, isIn: true), let output = interface.endpoint(.bulk, isIn: false)
        else {
            interface.close()
            throw BellError(
                .usbNoInterface, "The USB interface has not a bulk endpoint in each direction.",
                at: interface.identity.text, cause: "it has \(interface.endpoints.count) endpoints",
                fix: "check that this is a board with firmware for docs/board-protocol.md")
        }
        let streaming = interface as? any USBStreaming ?? PlainUSBStreaming(interface)
        // The parts know one another through this box, which is emptied at the end.
        let parts = Parts()
        let queue = FrameQueue(highWater: 16 << 20, onRoom: { parts.reader?.resume() })
        let fail: @Sendable (BellError) -> Void = { error in
            queue.finish(throwing: error)
            parts.end(interface, error)
        }
        let reader = USBFrameReader(interface, endpoint: input.address, queue: queue, onFailure: fail)
        let writer = USBFrameWriter(interface, streaming, endpoint: output, onFailure: fail)
        parts.set(reader, writer)
        let transport = USBTransport(queue, reader, writer, interface, parts)
        try reader.start(
            streaming.makeReadStream(
                from: input, onData: { bytes in reader.take(bytes) }, onEnd: { error in reader.ended(error) }))
        return transport
    }

    /// Queues a frame; it is sent when the pipe takes it.
    ///
    /// - Throws: `transport.closed`, the failure that ended the transport (so that a pulled plug is `usb.unplugged` here,
    ///   too), or `transport.full` when 8 MiB wait already.
    public func send(_ frame: [UInt8]) throws(BellError) { try writer.send(frame) }

    public func close() {
        queue.finish()
        reader.stop()
        writer.stop()
        interface.close()
        parts.clear()
    }

    /// What went over the pipes so far, and what was wrong with it.
    public var counts: USBTransportCounts {
        var counts = USBTransportCounts()
        reader.count(into: &counts)
        writer.count(into: &counts)
        return counts
    }

    /// Holds the parts that are made only after the callbacks which need them.
    private final class Parts: Sendable {
        private let held = Mutex<(reader: USBFrameReader, writer: USBFrameWriter)?>(nil)

        var reader: USBFrameReader? { held.withLock { $0?.reader } }

        func set(_ reader: USBFrameReader, _ writer: USBFrameWriter) { held.withLock { $0 = (reader, writer) } }

        /// Lets go of the parts, which hold this box through their callbacks.
        func clear() { held.withLock { $0 = nil } }

        func end(_ interface: any USBInterface, _ error: BellError) {
            let parts = held.withLock { held in
                defer { held = nil }
                return held
            }
            parts?.reader.stop()
            parts?.writer.stop(error)
            interface.close()
        }
    }
}

/// What went over a USB transport's pipes.
public struct USBTransportCounts: Equatable, Sendable {
    public var bytesRead: UInt64 = 0
    public var bytesWritten: UInt64 = 0
    /// Transfers without a byte.
    public var emptyReads: UInt64 = 0
    /// Stalls and I/O errors that ended a round of reads or writes.
    public var readFailures: UInt64 = 0
    public var writeFailures: UInt64 = 0
    /// Bytes that were in no sound frame.
    public var garbageBytes: UInt64 = 0
    /// Headers with the magic whose length or checksum was wrong.
    public var garbledFrames: UInt64 = 0

    public init() {}
}
