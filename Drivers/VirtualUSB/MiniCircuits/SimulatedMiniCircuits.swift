public import DriverKit

/// A simulated Mini-Circuits switch box or attenuator: a USB HID device with 64-byte reports.
///
/// Written from public descriptions of the commands and apart from the driver, with which it shares nothing, so that one
/// mistake is not made on both sides. Its product string says `simulated`.
public struct SimulatedMiniCircuits: USBDeviceModel {
    /// What is simulated.
    public struct Description: Equatable, Sendable {
        /// The model's name: says what the box is.
        public var model: String
        /// What the box says when it is asked for its serial number.
        public var serial: String
        /// Two characters.
        public var firmware: String
        /// The USB serial string: real boxes do not always have a useful one.
        public var usbSerial: String?
        public var faults: [MiniCircuitsFault]

        public init(
            model: String, serial: String, firmware: String = "A1", usbSerial: String? = nil,
            faults: [MiniCircuitsFault] = []
        ) {
            self.model = model
            self.serial = serial
            self.firmware = firmware
            self.usbSerial = usbSerial
            self.faults = faults
        }
    }

    public let description: Description
    /// What is behind the reports; tests look at its switches.
    public private(set) var hardware: MiniCircuitsHardware
    /// Commands taken so far, from 1.
    public private(set) var commands = 0
    /// A fault has pulled the cable: the device says nothing more, and its owner unplugs it.
    public private(set) var isUnplugged = false

    /// Replies on their way to the host, bounded: a host that does not read loses the oldest.
    private var replies: [[UInt8]] = []
    private var lastReply: [UInt8] = []
    private var held: [[UInt8]] = []
    private var idleRate: UInt8 = 0

    /// Nil for a model that is not simulated.
    public init?(_ description: Description) {
        guard let hardware = MiniCircuitsHardware(description) else { return nil }
        self.description = description
        self.hardware = hardware
    }

    public var descriptors: USBDescriptorSet {
        USBDescriptorSet(
            vendor: 0x20CE, product: hardware.isAttenuator ? 0x0023 : 0x0022, manufacturer: "Mini-Circuits",
            productName: "\(description.model) simulated", serial: description.usbSerial,
            interfaces: [
                .init(
                    number: 0, classCode: 0x03, subclass: 0, protocolCode: 0, extra: HIDDescriptors.class,
                    // Interval 4 at high speed is the 1 ms of a full-speed box.
                    endpoints: [
                        USBEndpoint(address: 0x81, kind: .interrupt, maximumPacket: 64, interval: 4),
                        USBEndpoint(address: 0x01, kind: .interrupt, maximumPacket: 64, interval: 4),
                    ])
            ])
    }

    public mutating func control(_ request: USBControlRequest, data: [UInt8]) -> USBControlAnswer {
        switch (request.type, request.request) {
        case (0x81, 0x06):  // GET_DESCRIPTOR of the interface: HID's own two.
            switch request.value >> 8 {
            case 0x21: return .data(HIDDescriptors.class)
            case 0x22: return .data(HIDDescriptors.report)
            default: return .stall
            }
        case (0xA1, 0x01):  // GET_REPORT
            return .data(lastReply)
        case (0xA1, 0x02):  // GET_IDLE
            return .data([idleRate])
        case (0x21, 0x09):  // SET_REPORT: the way round without an interrupt OUT endpoint.
            guard data.count == 64 else { return .stall }
            take(data)
            return .data([])
        case (0x21, 0x0A):  // SET_IDLE
            idleRate = UInt8(request.value >> 8)
            return .data([])
        default:
            return .stall
        }
    }

    public mutating func wrote(_ bytes: [UInt8], to endpoint: UInt8) -> USBWriteAnswer {
        guard endpoint == 0x01, bytes.count <= 64 else { return .stall }
        take(bytes + [UInt8](repeating: 0, count: 64 - bytes.count))
        return .taken
    }

    public mutating func read(_ count: Int, from endpoint: UInt8) -> USBReadAnswer {
        guard endpoint == 0x81 else { return .stall }
        guard let reply = replies.first else { return .wait }
        replies.removeFirst()
        return .data(Array(reply.prefix(count)))
    }

    public mutating func clearedHalt(_ endpoint: UInt8) {}

    /// A reset of the bus: replies on their way are lost, relays stay.
    public mutating func reset() {
        replies = []
        held = []
        isUnplugged = false
    }

    /// Somebody presses a button at the box, or another program sets a switch over Ethernet.
    public mutating func move(_ index: Int, to port: Int) { hardware.move(index, to: port) }

    private mutating func take(_ report: [UInt8]) {
        guard !isUnplugged else { return }
        commands += 1
        let now = description.faults.filter { $0.applies(at: commands) }
        if now.contains(where: { $0.kind == .unplug }) {
            isUnplugged = true
            replies = []
            return
        }
        for reply in held { queue(reply) }
        held = []
        guard var reply = hardware.answer(report, stuck: now.contains { $0.kind == .stuckRelay }) else { return }
        reply += [UInt8](repeating: 0, count: max(0, 64 - reply.count))
        for fault in now {
            switch fault.kind {
            case .silent: return
            case .late:
                held.append(reply)
                return
            case .wrongEcho: reply[0] ^= 0x55
            case .staleFirst: if !lastReply.isEmpty { queue(lastReply) }
            case .staleForever: for _ in 0..<64 { queue([0x55] + reply.dropFirst()) }
            case .short(let length): reply = Array(reply.prefix(length))
            case .garbage: reply = [reply[0]] + [UInt8](repeating: 0xFF, count: 63)
            case .stuckRelay, .unplug: break
            }
        }
        queue(reply)
        lastReply = reply
    }

    private mutating func queue(_ reply: [UInt8]) {
        replies.append(reply)
        if replies.count > 64 { replies.removeFirst() }
    }
}

/// Something that goes wrong with a simulated box, and when.
public struct MiniCircuitsFault: Equatable, Sendable {
    public enum Kind: Equatable, Sendable {
        /// The reply to the command before comes again, ahead of this one's.
        case staleFirst
        /// The reply comes only with the next command's, ahead of it.
        case late
        /// Nothing but replies to other commands.
        case staleForever
        /// The reply has another code.
        case wrongEcho
        /// The reply has the right code and nothing sensible behind it.
        case garbage
        /// The reply has that many bytes.
        case short(Int)
        /// The command is carried out, and never answered.
        case silent
        /// A set is answered as always, and nothing moves.
        case stuckRelay
        /// The cable is pulled before the command is carried out.
        case unplug
    }

    public var kind: Kind
    /// The commands that it happens at, the first being 1.
    public var at: ClosedRange<Int>

    /// - Parameter at: Nil for all commands.
    public init(_ kind: Kind, at: ClosedRange<Int>? = nil) {
        self.kind = kind
        self.at = at ?? 1...Int.max
    }

    func applies(at command: Int) -> Bool { at.contains(command) }
}
