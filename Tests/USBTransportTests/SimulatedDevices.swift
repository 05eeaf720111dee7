import BellModel
import DriverKit
import Synchronization
import VirtualUSB

/// A device for tests: bulk 01/81 and interrupt 02/82 send back what is written; a vendor request keeps a word.
struct EchoDevice: USBDeviceModel {
    let descriptors: USBDescriptorSet
    private var queues: [UInt8: [[UInt8]]] = [:]
    private var word: UInt16 = 0

    init(serial: String?) {
        descriptors = USBDescriptorSet(
            vendor: 0x1209, product: 0x0001, manufacturer: "Prüfstand", productName: "Echo 🔁", serial: serial,
            interfaces: [
                .init(
                    number: 0, classCode: 0xFF, subclass: 1, protocolCode: 2,
                    endpoints: [
                        USBEndpoint(address: 0x01, kind: .bulk, maximumPacket: 512),
                        USBEndpoint(address: 0x81, kind: .bulk, maximumPacket: 512),
                        USBEndpoint(address: 0x02, kind: .interrupt, maximumPacket: 64, interval: 4),
                        USBEndpoint(address: 0x82, kind: .interrupt, maximumPacket: 64, interval: 4),
                    ])
            ])
    }

    mutating func control(_ request: USBControlRequest, data: [UInt8]) -> USBControlAnswer {
        switch (request.type, request.request) {
        case (0x40, 1) where data.count == 2:
            word = UInt16(data[0]) | UInt16(data[1]) << 8
            return .data([])
        case (0xC0, 1): return .data([UInt8(truncatingIfNeeded: word), UInt8(truncatingIfNeeded: word >> 8), 0xAA])
        default: return .stall
        }
    }

    mutating func wrote(_ bytes: [UInt8], to endpoint: UInt8) -> USBWriteAnswer {
        if bytes == Array("stall".utf8) { return .stall }
        queues[endpoint | 0x80, default: []].append(bytes)
        return .taken
    }

    mutating func read(_ count: Int, from endpoint: UInt8) -> USBReadAnswer {
        guard let first = queues[endpoint]?.first else { return .wait }
        queues[endpoint]?.removeFirst()
        if first.count > count { queues[endpoint]?.insert(Array(first[count...]), at: 0) }
        return .data(Array(first.prefix(count)))
    }

    mutating func clearedHalt(_ endpoint: UInt8) {}
    mutating func reset() { queues = [:] }
}

/// A healthy board on USB, in messages: greets, loads and answers pings; other frames come back as they are.
final class SimulatedBoard: Sendable {
    let device: VirtualUSBDevice
    private let held: Held

    init(serial: String, faults: [USBFault] = []) {
        let held = Held()
        let counter = Mutex(SequenceCounter())
        let board = VirtualUSBBoard(serial: serial, faults: faults) { bytes, connection in
            guard let board = held.board.withLock({ $0 }) else { return }
            guard let frame = try? Frame.decode(bytes), let message = try? BoardMessage(frame) else {
                board.send(bytes, on: connection)
                return
            }
            for (reply, isAnswer) in SimulatedBoard.answers(message) {
                let number = counter.withLock { $0.next() }
                board.send(reply.encoded(sequence: number, replyTo: isAnswer ? frame.sequence : 0), on: connection)
            }
        }
        held.board.withLock { $0 = board }
        device = board.device
        self.held = held
    }

    deinit { held.board.withLock { $0 = nil } }

    private static func answers(_ message: BoardMessage) -> [(BoardMessage, isAnswer: Bool)] {
        switch message {
        case .hello:
            guard let rate = TickRate(numerator: 8_000_000_000) else { return [] }
            let board = Capabilities(
                node: .alice, model: "test", serial: "A1", firmware: "1", simulated: true, tickRate: rate,
                ticksPerSample: 4, channels: 2, waveformMemory: 1024, maxEvents: 64, spoolTrials: 4096, hasRNG: true,
                hasSigningKey: true, bootID: 77)
            let status = BoardStatus(
                state: .ready, bootID: 77, tick: 1, spoolUsed: 0, spoolFree: 4096, armed: nil)
            return [(.capabilities(board), true), (.status(status), false)]
        case .program(let program): return [(.programLoaded(ProgramLoaded(program: program)), true)]
        case .ping(let token): return [(.pong(token: token), true)]
        default: return []
        }
    }

    private final class Held: Sendable {
        let board = Mutex<VirtualUSBBoard?>(nil)
    }
}
