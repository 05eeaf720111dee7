public import BellModel
public import DriverKit

/// What a conversation wants done next; exactly one thing at a time.
public enum USBTMCAction: Equatable, Sendable {
    /// One bulk OUT transfer.
    case write([UInt8], timeout: Duration)
    /// One bulk IN transfer, or a piece of one.
    case read(Int, timeout: Duration)
    /// The next notification of the interrupt endpoint that is no service request.
    case notification(timeout: Duration)
    /// An IN control request.
    case control(USBControlRequest, timeout: Duration)
    /// Ends the stall of the bulk endpoint of a direction.
    case clearHalt(isIn: Bool)
    case sleep(Duration)
    case reset
    /// Close the interface, and open the same device anew.
    case reopen
    /// The operation is over.
    case finish(Result<USBTMCOutcome, BellError>)
}

/// What an operation gave.
public enum USBTMCOutcome: Equatable, Sendable {
    case done
    case message([UInt8])
    case statusByte(UInt8)
    /// The device has no such function.
    case unsupported
}

/// How the last action went.
public enum USBTMCEvent: Equatable, Sendable {
    case done
    /// What was read.
    case bytes([UInt8])
    case failed(BellError)
}

/// How long things may take that no caller chooses, and how often they are tried.
public struct USBTMCPatience: Equatable, Sendable {
    /// For a control request; USB gives a device 5 s, instruments answer in milliseconds.
    public var control: Duration
    /// For a read of what an aborted transfer still holds.
    public var drain: Duration
    /// Between two questions whether an abort or clear is done (the kernel's driver takes 50 to 100 ms).
    public var poll: Duration
    /// Questions before the next rung; with `poll`, 5 s.
    public var mostPolls: Int
    /// Reads of what an aborted transfer still holds (the kernel's driver takes 100).
    public var mostDrains: Int
    /// After a reset, until the device answers again (pyvisa-py#147 found 0.75 s).
    public var settle: Duration

    public init(
        control: Duration = .seconds(2), drain: Duration = .milliseconds(200), poll: Duration = .milliseconds(50),
        mostPolls: Int = 100, mostDrains: Int = 100, settle: Duration = .milliseconds(750)
    ) {
        self.control = control
        self.drain = drain
        self.poll = poll
        self.mostPolls = mostPolls
        self.mostDrains = mostDrains
        self.settle = settle
    }
}

/// The endpoints that a conversation runs over.
public struct USBTMCPipes: Equatable, Sendable {
    public var interface: UInt8
    public var bulkOut: UInt8
    public var bulkIn: UInt8
    /// Bytes of the bulk IN endpoint's full packet.
    public var packet: Int
    /// Nil for a device without an interrupt endpoint.
    public var interruptIn: UInt8?

    public init(interface: UInt8, bulkOut: UInt8, bulkIn: UInt8, packet: Int, interruptIn: UInt8? = nil) {
        self.interface = interface
        self.bulkOut = bulkOut
        self.bulkIn = bulkIn
        self.packet = packet
        self.interruptIn = interruptIn
    }

    /// Finds the endpoints of a claimed interface.
    ///
    /// - Throws: `instrument.wrong-device` when a bulk endpoint is missing.
    public init(of interface: any USBInterface) throws(BellError) {
        guard let bulkOut = interface.endpoint(.bulk, isIn: false), let bulkIn = interface.endpoint(.bulk, isIn: true)
        else {
            throw BellError(
                .instrumentWrongDevice, "The device has no pair of bulk endpoints, as USBTMC needs.",
                at: interface.identity.text, cause: "interface \(interface.number)")
        }
        self.init(
            interface: interface.number, bulkOut: bulkOut.address, bulkIn: bulkIn.address,
            packet: bulkIn.maximumPacket, interruptIn: interface.endpoint(.interrupt, isIn: true)?.address)
    }
}
