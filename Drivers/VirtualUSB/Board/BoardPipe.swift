import DriverKit

/// A simulated board's USB side: frames of the board protocol in a pair of bulk pipes.
///
/// What the host writes is cut into frames, whatever the transfers' sizes; frames for the host are packed back to back
/// into its reads. A reset or a new plugging-in starts a new connection: nothing of the old one is sent any more.
struct BoardPipe: USBDeviceModel {
    static let output: UInt8 = 0x01
    static let input: UInt8 = 0x81

    let descriptors: USBDescriptorSet
    private let exchange: FrameExchange
    private var decoder = FrameStreamDecoder()

    init(serial: String, exchange: FrameExchange) {
        self.exchange = exchange
        let endpoints = [BoardPipe.output, BoardPipe.input].map {
            USBEndpoint(address: $0, kind: .bulk, maximumPacket: 512)
        }
        descriptors = USBDescriptorSet(
            vendor: 0x1209, product: 0xBE11, manufacturer: "belld", productName: "Simulated Bell board",
            serial: serial,
            interfaces: [
                .init(number: 0, classCode: 0xFF, subclass: 0, protocolCode: 0, endpoints: endpoints)
            ])
    }

    mutating func control(_ request: USBControlRequest, data: [UInt8]) -> USBControlAnswer { .stall }

    mutating func wrote(_ bytes: [UInt8], to endpoint: UInt8) -> USBWriteAnswer {
        guard exchange.hasRoomForReceived() else { return .wait }
        decoder.append(bytes)
        while let frame = decoder.next() { exchange.received(frame) }
        return .taken
    }

    mutating func read(_ count: Int, from endpoint: UInt8) -> USBReadAnswer {
        exchange.nextTransfer(count).map { .data($0) } ?? .wait
    }

    mutating func clearedHalt(_ endpoint: UInt8) {
        // The host lost what was on its way in; half a frame of its own is of no use either.
        if endpoint == BoardPipe.output { decoder = FrameStreamDecoder() }
    }

    mutating func reset() {
        decoder = FrameStreamDecoder()
        exchange.restart()
    }
}
