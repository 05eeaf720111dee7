import BellModel

extension BoardMessage {
    /// The message as a whole frame, ready for ``Transport/send(_:)``. One copy of the data, one pass of CRC-32C.
    ///
    /// A message over 1 MiB is written as it is and refused by every receiver.
    public func encoded(sequence: UInt32, replyTo: UInt32 = 0) -> [UInt8] {
        Frame.assemble(type: type.rawValue, sequence: sequence, replyTo: replyTo, payloadSize: sizeHint) { bytes in
            append(to: &bytes)
        }
    }

    /// The type and the payload alone.
    public func encode() -> (type: UInt16, payload: [UInt8]) {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(sizeHint)
        append(to: &bytes)
        return (type.rawValue, bytes)
    }

    private var sizeHint: Int {
        switch self {
        case .program(let program): program.count
        case .hostBits(let payload): payload.sizeHint
        case .trials(let payload): payload.sizeHint
        case .clock(let payload): payload.sizeHint
        case .shots(let payload): payload.sizeHint
        case .rawRandom(let payload): payload.sizeHint
        default: 128
        }
    }

    private func append(to bytes: inout [UInt8]) {
        switch self {
        case .hello(let payload): payload.append(to: &bytes)
        case .program(let program): bytes.append(contentsOf: program)
        case .hostBits(let payload): payload.append(to: &bytes)
        case .arm(let order), .armed(let order): order.appendFields(to: &bytes)
        case .start(let payload): payload.append(to: &bytes)
        case .acknowledge(let payload): payload.append(to: &bytes)
        case .shotsRequest(let payload): payload.append(to: &bytes)
        case .rawRandomRequest(let payload): payload.append(to: &bytes)
        case .capabilities(let payload): payload.append(to: &bytes)
        case .programLoaded(let payload): payload.append(to: &bytes)
        case .status(let payload): payload.append(to: &bytes)
        case .fault(let payload): payload.append(to: &bytes)
        case .trials(let payload): payload.append(to: &bytes)
        case .clock(let payload): payload.append(to: &bytes)
        case .armEnd(let payload): payload.append(to: &bytes)
        case .shots(let payload): payload.append(to: &bytes)
        case .rawRandom(let payload): payload.append(to: &bytes)
        case .chunkSignature(let payload): payload.append(to: &bytes)
        case .nodeKey(let payload): payload.append(to: &bytes)
        case .ping(let token), .pong(let token): bytes.appendLittleEndian(token)
        case .error(let payload): payload.append(to: &bytes)
        case .stop, .safe, .statusRequest, .nodeKeyRequest, .ok: break
        }
    }
}
