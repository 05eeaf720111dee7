import BellModel
import DriverKit
import VirtualUSB

/// A simulated board that has frames for the host without end: TRIALS of 4096 records, made beforehand.
///
/// Frames stand back to back, so that transfers end anywhere in them. What the host writes is taken and forgotten. The
/// host clears the IN pipe to make the stream start with a frame.
struct StreamingBoard: USBDeviceModel {
    static let vendor: UInt16 = 0x1209
    static let product: UInt16 = 0xBE11
    static let serial = "STREAM01"
    /// Trials of a frame; 128 KiB of records.
    static let trials = 4096
    /// 8 MiB: more than the cache of a core.
    static let frames: UInt32 = 64

    let descriptors: USBDescriptorSet
    private let ring: [UInt8]
    private var place = 0

    init() throws(BellError) {
        guard let campaign = CampaignID(bytes: [UInt8](repeating: 7, count: 16)) else {
            throw BellError(.benchProgram, "16 bytes are no campaign.")
        }
        let endpoints = [0x01, 0x81].map { USBEndpoint(address: $0, kind: .bulk, maximumPacket: 512) }
        descriptors = USBDescriptorSet(
            vendor: StreamingBoard.vendor, product: StreamingBoard.product, manufacturer: "belld",
            productName: "Simulated Bell board", serial: StreamingBoard.serial,
            interfaces: [.init(number: 0, classCode: 0xFF, subclass: 0, protocolCode: 0, endpoints: endpoints)])
        var dice = Dice(seed: 11)
        var half = SyntheticHalf.pair(
            count: StreamingBoard.trials, chunk: StreamingBoard.trials, dice: &dice
        ).alice
        let clock = SyntheticClock(zero: 123_456_789, period: 640_000)
        ring = (0..<StreamingBoard.frames).flatMap { frame in
            let first = UInt64(frame) * UInt64(StreamingBoard.trials)
            half.stamp(firstIndex: first, firstPulse: first, clock: clock, start: 80_000, stopDelta: 850)
            let message = TrialsMessage(
                campaign: campaign, arm: 1, bootID: 5,
                firstIndex: first, firstPulse: first, records: half.chunks[0])
            return BoardMessage.trials(message).encoded(sequence: frame + 1)
        }
    }

    /// What a board sends in one go.
    var firstFrame: ArraySlice<UInt8> { ring[..<(ring.count / Int(StreamingBoard.frames))] }

    func control(_ request: USBControlRequest, data: [UInt8]) -> USBControlAnswer { .stall }

    func wrote(_ bytes: [UInt8], to endpoint: UInt8) -> USBWriteAnswer { .taken }

    mutating func read(_ count: Int, from endpoint: UInt8) -> USBReadAnswer {
        let first = ring[place..<min(place + count, ring.count)]
        let bytes = first.count == count ? Array(first) : Array(first) + ring[..<(count - first.count)]
        place = (place + count) % ring.count
        return .data(bytes)
    }

    mutating func clearedHalt(_ endpoint: UInt8) { if endpoint == 0x81 { place = 0 } }

    mutating func reset() { place = 0 }
}
