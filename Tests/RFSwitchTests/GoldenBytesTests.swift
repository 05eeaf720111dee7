import BellModel
import DriverKit
import RFSwitch
import Synchronization
import Testing
import TestSupport

/// What goes over the wire, byte by byte, written by hand from public drivers and not from the simulated box.
struct Conversation: Sendable, CustomTestStringConvertible {
    var model: String
    var source: String
    var setting: String
    var value: InstrumentValue
    /// Requests and replies in order, without the zeros at the end; after the identification.
    var exchanges: [(request: [UInt8], reply: [UInt8])]
    var product: UInt16 = 0x0022

    var testDescription: String { "\(model) \(setting)=\(value.text), \(source)" }

    /// Codes 40, 41, 99: two or more public drivers.
    static let serial: (request: [UInt8], reply: [UInt8]) = ([41], [41] + Array("11710240017".utf8) + [0])

    var identification: [(request: [UInt8], reply: [UInt8])] {
        // A text may end at 0xFF (P. Stang), and old bytes may follow a NUL.
        [([40], [40] + Array(model.utf8) + [0, 0x41]), Conversation.serial, ([99], [99, 9, 9, 9, 9, 0x41, 0x31, 9])]
    }

    static let all = [
        Conversation(
            model: "RC-2SPDT-A18", source: "J. Porter; loganrf/MC_Switch_Linux", setting: "switch_b",
            value: .integer(2),
            exchanges: [
                ([15], [15, 0]), ([15], [15, 0]),  // connect: both switches
                ([15], [15, 0]), ([2, 1], [2]), ([15], [15, 2]),
            ]),
        Conversation(
            model: "USB-8SPDT-A18", source: "J. Porter; loganrf/MC_Switch_Linux", setting: "switch_h",
            value: .integer(1),
            exchanges: Array(repeating: ([15], [15, 0x80]), count: 9) + [([8, 0], [8]), ([15], [15, 0])]),
        Conversation(
            model: "USB-SP4T-63", source: "storborg/pyminicircuits", setting: "switch_a", value: .integer(3),
            exchanges: [([15], [15, 1]), ([3], [3]), ([15], [15, 3])]),
        Conversation(
            model: "RC-2SP6T-A12", source: "T. Dunker", setting: "switch_b", value: .integer(6),
            exchanges: [
                // The older firmware answers the text with another code: nothing more comes.
                ([42] + Array(":MN?".utf8), []), serial,
                ([13, 1], [13, 0]), serial, ([13, 2], [13, 0]),
                serial, ([13, 2], [13, 0]), ([12, 2, 6], [12]), serial, ([13, 2], [13, 6]),
            ]),
        Conversation(
            model: "RC-2SP6T-A12", source: "P. Stang (newer firmware)", setting: "switch_a", value: .integer(3),
            exchanges: [
                ([42] + Array(":MN?".utf8), [42] + Array("RC-2SP6T-A12".utf8) + [255]), serial,
                ([42] + Array(":SP6TA:STATE?".utf8), [42, 0x30, 0]), serial,
                ([42] + Array(":SP6TB:STATE?".utf8), [42, 0x30, 0]), serial,
                ([42] + Array(":SP6TA:STATE?".utf8), [42, 0x30, 0]),
                ([42] + Array(":SP6TA:STATE:3".utf8), [42, 0x31, 0]), serial,
                ([42] + Array(":SP6TA:STATE?".utf8), [42, 0x33, 255]),
            ]),
        Conversation(
            model: "USB-1SP8T-63H", source: "J. Porter; J. Richards", setting: "switch_a", value: .integer(8),
            exchanges: [
                serial, ([1] + Array(":SP8T:STATE?".utf8), [1, 0x31, 0]),
                ([1] + Array(":SP8T:STATE:8".utf8), [1, 0x31, 0]), serial,
                ([1] + Array(":SP8T:STATE?".utf8), [1, 0x38, 0]),
            ]),
        Conversation(
            model: "USB-1SP16T-83H", source: "J. Richards", setting: "switch_a", value: .integer(16),
            exchanges: [
                serial, ([1] + Array(":SP16T:STATE?".utf8), [1, 0x31, 0]),
                ([1] + Array(":SP16T:STATE:16".utf8), [1, 0x31, 0]), serial,
                ([1] + Array(":SP16T:STATE?".utf8), [1, 0x31, 0x36, 0]),
            ]),
        Conversation(
            model: "USB-2SP4T-63H", source: "J. Porter", setting: "switch_b", value: .integer(4),
            exchanges: [
                serial, ([1] + Array(":SP4T:A:STATE?".utf8), [1, 0x31, 0]),
                serial, ([1] + Array(":SP4T:B:STATE?".utf8), [1, 0x31, 0]),
                ([1] + Array(":SP4T:B:STATE:4".utf8), [1, 0x31, 0]), serial,
                ([1] + Array(":SP4T:B:STATE?".utf8), [1, 0x34, 0]),
            ]),
        Conversation(
            // The note in that driver: `*:SP8T:STATE:2` answers `*2`.
            model: "USB-1SP8T-852H", source: "P. Stang", setting: "switch_a", value: .integer(2),
            exchanges: [
                serial, ([42] + Array(":SP8T:STATE?".utf8), [42, 0x31, 0]),
                ([42] + Array(":SP8T:STATE:2".utf8), [42, 0x32, 0]), serial,
                ([42] + Array(":SP8T:STATE?".utf8), [42, 0x32, 0]),
            ]),
        Conversation(
            model: "RUDAT-6000-30", source: "storborg/pyminicircuits; labbench (NIST)", setting: "attenuation_db",
            value: .number(12.75), exchanges: [([18], [18, 30, 0]), ([19, 12, 3], [19]), ([18], [18, 12, 3])],
            product: 0x0023),
        Conversation(
            model: "RUDAT-13G-90", source: "microsoft/Qcodes", setting: "attenuation_db", value: .number(7.5),
            exchanges: [
                serial, ([1] + Array(":ATT?".utf8), [1] + Array("90.0".utf8)),
                ([1] + Array(":SETATT=7.5".utf8), [1, 0x31]), serial,
                ([1] + Array(":ATT?".utf8), [1] + Array("7.5".utf8)),
            ],
            product: 0x0023),
    ]
}

@Suite struct GoldenBytesTests {
    @Test("a set is exactly these reports", arguments: Conversation.all)
    func bytes(_ talk: Conversation) async throws {
        let bus = ConversationBus(talk)
        let instrument: any Instrument =
            talk.product == 0x0022
            ? RFSwitch(
                name: "x", serial: "11710240017", bus: bus, counts: NoSwitchCountStore(), clock: InstantClock())
            : Attenuator(name: "x", serial: "11710240017", bus: bus)
        let identity = try await instrument.connect()
        #expect(identity.model == talk.model)
        #expect(identity.firmware == "A1")
        #expect(identity.serial == "11710240017")
        #expect(!identity.isSimulated)
        #expect(try await instrument.set(talk.setting, to: talk.value) == talk.value)
        #expect(bus.isOver)
    }
}

/// One device that expects exactly one conversation.
private final class ConversationBus: USBBus {
    private let identity: USBIdentity
    private let rest: Mutex<[(request: [UInt8], reply: [UInt8])]>

    init(_ talk: Conversation) {
        identity = USBIdentity(vendor: 0x20CE, product: talk.product, serial: nil, productName: "RF box")
        rest = Mutex(talk.identification + talk.exchanges)
    }

    var isOver: Bool { rest.withLock { $0.isEmpty } }

    func devices(vendor: UInt16, product: UInt16) async throws(BellError) -> [USBIdentity] {
        product == identity.product ? [identity] : []
    }

    func open(_ device: USBIdentity, interface: USBInterfaceChoice) async throws(BellError) -> any USBInterface {
        #expect(interface == .number(0))
        return ScriptedUSB(
            identity: identity,
            endpoints: [
                USBEndpoint(address: 0x81, kind: .interrupt, maximumPacket: 64),
                USBEndpoint(address: 0x01, kind: .interrupt, maximumPacket: 64),
            ]
        ) { [self] (bytes, endpoint) throws(BellError) -> [ScriptedUSB.Reply] in
            #expect(endpoint == 0x01)
            let next = rest.withLock { $0.isEmpty ? nil : $0.removeFirst() }
            guard let next else { throw BellError(.usbIO, "A report too many: \(bytes)") }
            #expect(bytes == padded(next.request))
            return next.reply.isEmpty ? [] : [.init(0x81, padded(next.reply))]
        }
    }

    func changes() -> AsyncStream<USBChange> { AsyncStream { $0.finish() } }
}

private func padded(_ bytes: [UInt8]) -> [UInt8] { bytes + [UInt8](repeating: 0, count: 64 - bytes.count) }
