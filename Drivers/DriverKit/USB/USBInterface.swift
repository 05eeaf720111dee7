public import BellModel

/// One claimed interface of one opened USB device: what USB drivers are written against.
///
/// `USBTransport` implements it with libusb, `VirtualUSB` with a simulated device in the same process, and ``ScriptedUSB``
/// with a test's script, so that a driver never knows which one it has. All calls may be made from any task; transfers on
/// different endpoints run side by side, transfers on one endpoint in the order of their calls. Cancelling the calling
/// task cancels its transfer, which then throws `usb.cancelled`.
///
/// Every call throws a ``BellError`` of these codes: `usb.unplugged` (the device is gone; the interface is of no further
/// use), `usb.timeout`, `usb.stall`, `usb.overflow`, `usb.io`, `usb.cancelled`, `usb.closed`.
public protocol USBInterface: AnyObject, Sendable {
    /// The device, as it was when it was opened.
    var identity: USBIdentity { get }
    /// The claimed interface's number (`bInterfaceNumber`).
    var number: UInt8 { get }
    /// The claimed interface's endpoints, without endpoint 0.
    var endpoints: [USBEndpoint] { get }

    /// Writes one transfer to a bulk or interrupt OUT endpoint; returns when the device has taken all of it.
    ///
    /// A transfer that is a multiple of the packet size ends without an empty packet; send an empty one where the
    /// protocol wants it.
    func write(_ bytes: [UInt8], to endpoint: UInt8, timeout: Duration) async throws(BellError)

    /// Reads one transfer from a bulk or interrupt IN endpoint: ends with a short packet, or when `count` bytes came.
    ///
    /// - Parameter count: A multiple of the endpoint's packet size, else a device that sends more makes it `usb.overflow`.
    /// - Returns: 0 … `count` bytes. After a time-out nothing that had come already is lost: it is returned instead.
    func read(_ count: Int, from endpoint: UInt8, timeout: Duration) async throws(BellError) -> [UInt8]

    /// Runs transfers one after the other, as the single calls do, but over libusb without a turn of the calling task in
    /// between. Ends at the first failure.
    ///
    /// A write of less than a packet may be followed by the next transfer before it is known to have gone through: after
    /// one that failed, those behind it may have reached the device, and what a read gave is dropped.
    ///
    /// - Parameter steps: Only the last one may be a read.
    func chain(_ steps: [USBStep]) async -> USBChainOutcome

    /// Runs a control transfer on endpoint 0.
    ///
    /// - Parameter data: What is sent in an OUT request's data stage; its size must be the request's length.
    /// - Returns: What the device sent in an IN request, at most the request's length.
    func control(
        _ request: USBControlRequest, data: [UInt8], timeout: Duration
    ) async throws(BellError) -> [UInt8]

    /// Ends an endpoint's stall (`CLEAR_FEATURE ENDPOINT_HALT`) and resets its data toggle.
    func clearHalt(_ endpoint: UInt8) async throws(BellError)

    /// Resets the device. It may come back as another one; after `usb.unplugged` open it anew.
    func reset() async throws(BellError)

    /// Gives the interface back and closes the device; transfers under way end with `usb.closed`. May be called again.
    func close()
}

extension USBInterface {
    /// The first endpoint of a kind and direction.
    public func endpoint(_ kind: USBEndpoint.Kind, isIn: Bool) -> USBEndpoint? {
        endpoints.first { $0.kind == kind && $0.isIn == isIn }
    }
}

/// Opens the same device again and again, each time it is wanted.
public typealias USBInterfaceOpener = @Sendable () async throws(BellError) -> any USBInterface
