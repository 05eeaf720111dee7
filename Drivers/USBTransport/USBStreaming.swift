public import BellModel
public import DriverKit

/// What a USB interface offers to whoever moves much data: several transfers of one endpoint under way.
public protocol USBStreaming: AnyObject, Sendable {
    /// Bytes of writes, and writes, that one device should keep under way at the most.
    var writeWindow: Int { get }
    var maximumWrites: Int { get }

    /// Prepares to read a bulk IN endpoint continuously; nothing happens until ``USBReadStream/start()``.
    ///
    /// - Parameters:
    ///   - onData: Called with each transfer's bytes, in order, one call at a time, on a thread that must not be held up.
    ///     The bytes are only valid during the call. Empty transfers are reported too.
    ///   - onEnd: Called once after each start, when nothing is under way any more, with why; no `onData` follows.
    /// - Throws: `usb.memory`.
    func makeReadStream(
        from endpoint: USBEndpoint, onData: @escaping @Sendable (UnsafeRawBufferPointer) -> Void,
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

    /// Cancels all that was submitted to an endpoint; the completions follow.
    func cancelWrites(to endpoint: UInt8)
}

/// A continuous read of one endpoint.
public protocol USBReadStream: AnyObject, Sendable {
    /// Begins, or begins again after `onEnd`.
    ///
    /// - Throws: `usb.unplugged`, `usb.closed`, `usb.memory`, `usb.io`; then `onEnd` is not called.
    func start() throws(BellError)

    /// Submits no new reads until ``resume()``; what is under way is still reported.
    func pause()

    /// Undoes one ``pause()``, even one that comes after it: the two may overtake each other.
    func resume()

    /// Ends it with `usb.closed`, for good.
    func stop()
}
