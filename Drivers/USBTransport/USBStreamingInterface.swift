public import BellModel
public import DriverKit

/// A USB interface that can also keep several transfers of one endpoint under way, for whoever moves much data.
public protocol USBStreamingInterface: USBInterface {
    /// Bytes of writes that one device should keep under way at the most.
    var writeWindow: Int { get }

    /// Prepares to read a bulk IN endpoint continuously; nothing happens until ``USBReadStream/start()``.
    ///
    /// - Parameters:
    ///   - onData: Called with each transfer's bytes, in order, one call at a time, on a thread that must not be held up.
    ///     The bytes are only valid during the call. Empty transfers are reported too.
    ///   - onEnd: Called once after each start, when nothing is under way any more, with why; no `onData` follows.
    func makeReadStream(
        from endpoint: USBEndpoint, onData: @escaping @Sendable (UnsafeRawBufferPointer) -> USBReadVerdict,
        onEnd: @escaping @Sendable (BellError) -> Void
    ) throws(BellError) -> any USBReadStream

    /// Submits one write without waiting; writes on one endpoint go out in the order of the calls.
    ///
    /// - Parameters:
    ///   - endsWithEmptyPacket: Sends an empty packet behind a transfer that fills its last one.
    ///   - completion: Called once, on any thread, with the bytes that the device took, and why there were not more.
    func submitWrite(
        _ bytes: ArraySlice<UInt8>, to endpoint: UInt8, endsWithEmptyPacket: Bool,
        completion: @escaping @Sendable (_ taken: Int, _ error: BellError?) -> Void
    )
}

/// Whether a continuous read goes on.
public enum USBReadVerdict: Sendable {
    case goOn
    /// No new reads until ``USBReadStream/resume()``; what is under way is still reported.
    case pause
}

/// A continuous read of one endpoint.
public protocol USBReadStream: AnyObject, Sendable {
    /// Begins, or begins again after `onEnd`.
    ///
    /// - Throws: `usb.unplugged`, `usb.closed`, `usb.memory`, `usb.io`; then `onEnd` is not called.
    func start() throws(BellError)

    /// Undoes one ``USBReadVerdict/pause``, even one whose callback has not returned yet.
    func resume()

    /// Ends it with `usb.closed`, for good.
    func stop()
}
