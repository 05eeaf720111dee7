import BellModel

/// The serialisation of the published beacons: numbers big-endian, everything else behind its length in four bytes.
extension Pulse {
    /// What the signature is made over.
    public var signedBytes: [UInt8] {
        var out = PulseBytes()
        out.put(text: uri)
        out.put(text: Self.version)
        out.put(cipherSuite)
        out.put(period)
        out.put(block: certificateID.bytes)
        out.put(chainIndex)
        out.put(pulseIndex)
        out.put(text: timeStamp.pulseText)
        out.put(block: localRandomValue.bytes)
        out.put(block: external.sourceID.bytes)
        out.put(external.statusCode)
        out.put(block: external.value.bytes)
        for link in listValues { out.put(block: link.value.bytes) }
        out.put(block: precommitmentValue.bytes)
        out.put(statusCode.rawValue)
        return out.bytes
    }

    /// What the output value is the hash of: the signed bytes and, without its length, the signature.
    public var outputBytes: [UInt8] { signedBytes + signatureValue }
}

private struct PulseBytes {
    var bytes: [UInt8] = []

    mutating func put(_ value: some FixedWidthInteger) {
        withUnsafeBytes(of: value.bigEndian) { bytes += $0 }
    }

    mutating func put(block: [UInt8]) {
        put(UInt32(block.count))
        bytes += block
    }

    mutating func put(text: String) { put(block: Array(text.utf8)) }
}

extension UTCTime {
    /// With three digits of milliseconds always: `2026-11-22T06:12:00.000Z`.
    var pulseText: String {
        let text = description
        return text.contains(".") ? text : text.dropLast() + ".000Z"
    }
}
