public import BellModel
import CLibUSB
public import DriverKit

/// A claimed interface of a real device: each transfer is an asynchronous one of libusb's.
///
/// Time-outs are libusb's own. Cancelling a task cancels its transfer in the kernel (`libusb_cancel_transfer`); the call
/// returns when the kernel has given the transfer back. The device is closed when ``close()`` was called, or nobody holds
/// the interface any more, and the last transfer has ended.
public final class LibUSBInterface: USBInterface, USBStreaming {
    public let identity: USBIdentity
    public let number: UInt8
    public let endpoints: [USBEndpoint]
    let handle: LibUSBHandle
    /// Keeps the bus, whose end would close the device.
    private let bus: LibUSBBus
    let place: String

    init(identity: USBIdentity, interface: USBInterfaceDescription, handle: LibUSBHandle, bus: LibUSBBus) {
        self.identity = identity
        number = interface.number
        endpoints = interface.endpoints
        place = identity.text
        self.handle = handle
        self.bus = bus
    }

    deinit { handle.close() }

    public func close() { handle.close() }

    // MARK: Transfers

    public func write(_ bytes: [UInt8], to endpoint: UInt8, timeout: Duration) async throws(BellError) {
        let outcome = await chain([.write(bytes, to: endpoint, timeout: timeout)])
        if let error = outcome.error { throw error }
    }

    public func read(_ count: Int, from endpoint: UInt8, timeout: Duration) async throws(BellError) -> [UInt8] {
        let outcome = await chain([.read(count, from: endpoint, timeout: timeout)])
        if let error = outcome.error { throw error }
        return outcome.bytes
    }

    public func control(
        _ request: USBControlRequest, data: [UInt8], timeout: Duration
    ) async throws(BellError) -> [UInt8] {
        let what = "The control request \(LibUSBInterface.hexadecimal(request.request)) failed."
        guard request.isIn || data.count == Int(request.length) else {
            throw BellError(
                .usbIO, what, at: place,
                cause: "its data has \(data.count) bytes, its length says \(request.length)",
                fix: "this is a defect of the driver: report it")
        }
        // The setup stage precedes the data in the buffer (libusb.h, LIBUSB_CONTROL_SETUP_SIZE).
        let count = 8 + Int(request.length)
        let transfer = try LibUSBTransfer(
            .control, on: handle, endpoint: 0, count: count, timeout: LibUSBInterface.milliseconds(timeout), what: what)
        transfer.buffer.copyBytes(from: request.setup + (request.isIn ? [] : data))
        let outcome = try await run(transfer, count, timeout)
        if let error = outcome.error { throw error }
        return request.isIn ? Array(transfer.buffer[8..<8 + min(outcome.moved, Int(request.length))]) : []
    }

    private func run(
        _ transfer: LibUSBTransfer, _ bytes: Int, _ timeout: Duration
    ) async throws(BellError) -> LibUSBTransfer.Outcome {
        let budget = handle.context.budget
        try await budget.reserve(bytes, timeout: timeout, at: place)
        defer { budget.release(bytes) }
        return await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                transfer.start { (_, outcome) in continuation.resume(returning: outcome) }
            }
        } onCancel: {
            transfer.cancel(.usbCancelled(at: place))
        }
    }

    public func clearHalt(_ endpoint: UInt8) async throws(BellError) {
        try await handle.blocking(
            "libusb_clear_halt", "Endpoint \(LibUSBInterface.hexadecimal(endpoint)) cannot be cleared."
        ) { libusb_clear_halt($0.raw, endpoint) }
    }

    public func reset() async throws(BellError) {
        try await handle.blocking("libusb_reset_device", "The USB device cannot be reset.") { handle in
            let result = libusb_reset_device(handle.raw)
            // Not found: it has come back as another device, or not at all.
            return result == LIBUSB_ERROR_NOT_FOUND.rawValue ? LIBUSB_ERROR_NO_DEVICE.rawValue : result
        }
    }

    // MARK: Streams

    /// An eighth of the limit, at most 2 MiB.
    public var writeWindow: Int { min(2 << 20, handle.context.budget.limit / 8) }
    public var maximumWrites: Int { 16 }

    public func makeReadStream(
        from endpoint: USBEndpoint, onData: @escaping @Sendable (UnsafeRawBufferPointer) -> Void,
        onEnd: @escaping @Sendable (BellError) -> Void
    ) throws(BellError) -> any USBReadStream {
        let budget = handle.context.budget
        let shape = USBStreamShape.fitting(limit: budget.limit, used: budget.used, packet: endpoint.maximumPacket)
        return try LibUSBReadStream(on: handle, endpoint: endpoint, shape: shape, onData: onData, onEnd: onEnd)
    }

    public func submitWrite(
        _ bytes: ArraySlice<UInt8>, to endpoint: UInt8, endsWithEmptyPacket: Bool,
        completion: @escaping @Sendable (_ taken: Int, _ error: BellError?) -> Void
    ) {
        let (budget, count) = (handle.context.budget, bytes.count)
        do throws(BellError) {
            let flags = endsWithEmptyPacket ? UInt8(truncatingIfNeeded: LIBUSB_TRANSFER_ADD_ZERO_PACKET.rawValue) : 0
            let transfer = try LibUSBTransfer(
                kind(of: endpoint, isIn: false), on: handle, endpoint: endpoint, count: count, timeout: 0, flags: flags,
                what: "A write of \(count) bytes to endpoint \(LibUSBInterface.hexadecimal(endpoint)) failed.")
            transfer.buffer.copyBytes(from: bytes)
            budget.take(count)
            transfer.start { (_, outcome) in
                budget.release(count)
                completion(outcome.moved, outcome.error)
            }
        } catch {
            completion(0, error)
        }
    }

    public func cancelWrites(to endpoint: UInt8) { handle.cancelTransfers(on: endpoint) }

    // MARK: Helpers

    func kind(of endpoint: UInt8, isIn: Bool) throws(BellError) -> LibUSBTransfer.Kind {
        guard let found = endpoints.first(where: { $0.address == endpoint }), found.isIn == isIn else {
            throw BellError(
                .usbIO,
                "The USB interface has no endpoint \(LibUSBInterface.hexadecimal(endpoint)) to "
                    + (isIn ? "read from." : "write to."), at: place,
                cause: "it has \(endpoints.map { LibUSBInterface.hexadecimal($0.address) }.joined(separator: ", "))",
                fix: "check that this is the right device and firmware")
        }
        return found.kind == .bulk ? .bulk : .interrupt
    }

    /// libusb's time-out: at least 1, because 0 means none there.
    static func milliseconds(_ timeout: Duration) -> UInt32 {
        let (seconds, attoseconds) = timeout.components
        guard seconds >= 0, seconds < 4_000_000 else { return seconds < 0 ? 1 : 4_000_000_000 }
        let milliseconds = seconds * 1000 + (attoseconds + 999_999_999_999_999) / 1_000_000_000_000_000
        return UInt32(max(1, milliseconds))
    }

    static func hexadecimal(_ byte: UInt8) -> String { "0x" + (byte < 16 ? "0" : "") + String(byte, radix: 16) }
}

extension USBControlRequest {
    /// The eight bytes of the setup stage.
    var setup: [UInt8] {
        [type, request] + [value, index, length].flatMap { [UInt8(truncatingIfNeeded: $0), UInt8($0 >> 8)] }
    }
}
