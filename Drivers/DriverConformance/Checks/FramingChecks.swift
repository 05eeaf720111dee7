import BellModel
import DriverKit

/// Frames, sound and damaged.
enum FramingChecks {
    /// An unknown type is refused by name, and the connection stays.
    static func unknownType(_ bench: inout BoardBench) async throws(BellError) -> CheckOutcome {
        var findings = Findings()
        // Unknown here, and two that only a board sends.
        for (type, payload) in [(UInt16(0x01ff), [UInt8(1)]), (0x010e, []), (0x0103, [UInt8](repeating: 1, count: 40))]
        {
            let number = try await bench.probe.post(type: type, payload: payload)
            let code = try await bench.probe.answer(to: number, for: nil).message?.errorCode
            findings.expect(
                code == .unknownType,
                "Type 0x\(String(type, radix: 16)) is answered with \(code.map { "ERROR \($0.name)" } ?? "no ERROR"), "
                    + "not ERROR unknown-type.")
        }
        try await alive(bench, after: "an unknown type", &findings)
        try findings.done()
        return .passed
    }

    /// Frames with a wrong checksum, length or magic are dropped and reported.
    static func badFrame(_ bench: inout BoardBench) async throws(BellError) -> CheckOutcome {
        _ = await bench.probe.takeStrayErrors()
        let sound = BoardMessage.safe.encoded(sequence: 77)
        var flipped = sound
        flipped[20] ^= 1
        var cases: [(String, [UInt8])] = [("a frame with a wrong checksum", flipped)]
        if bench.options.way == .messages {
            var oversized = sound
            oversized[16...19] = [1, 0, 0x10, 0]
            var magic = sound
            magic[0] = 0x62
            cases += [
                ("a frame that is one byte short", Array(sound.dropLast())),
                ("a frame with a surplus byte", sound + [0]),
                ("a frame of over 1 MiB", oversized), ("a frame with another magic", magic),
                ("bytes that are no frame", Array("no frame of the board protocol".utf8)),
            ]
        }
        var findings = Findings()
        for (name, bytes) in cases {
            try await bench.probe.postBytes(bytes)
            try await alive(bench, after: name, &findings)
            let codes = await bench.probe.takeStrayErrors().map(\.code)
            let seen =
                codes.isEmpty ? "not answered" : "answered with ERROR \(codes.map(\.name).joined(separator: ", "))"
            // In a stream nobody can tell a damaged frame from garbage, which is passed over.
            if bench.options.way == .messages {
                findings.expect(codes == [.badFrame], "\(name) is \(seen), not with one ERROR bad-frame, reply to 0.")
            }
        }
        try findings.done()
        return .passed
    }

    /// A payload that does not fit its type is refused, and the connection stays.
    static func badPayload(_ bench: inout BoardBench) async throws(BellError) -> CheckOutcome {
        try await bench.toReady()
        let campaign = bench.campaign.bytes
        func arm(first: UInt64, count: UInt32) -> [UInt8] {
            BoardMessage.arm(ArmOrder(campaign: bench.campaign, arm: 1, firstIndex: first, count: count)).encode()
                .payload
        }
        let cases: [(String, MessageType, [UInt8])] = [
            ("PING of 7 bytes", .ping, [UInt8](repeating: 1, count: 7)),
            ("PING of 9 bytes", .ping, [UInt8](repeating: 1, count: 9)),
            ("START without an arm", .start, campaign),
            ("ARM of no trials", .arm, arm(first: 0, count: 0)),
            ("ARM past index 2^64 - 1", .arm, arm(first: .max - 2, count: 8)),
            ("RAW_RNG_REQUEST of no bits", .rawRandomRequest, [0, 0, 0, 0]),
            ("RAW_RNG_REQUEST of 8388545 bits", .rawRandomRequest, [0xc1, 0xff, 0x7f, 0]),
            ("SHOTS_REQUEST of no shots", .shotsRequest, [UInt8](repeating: 0, count: 8)),
            ("SHOTS_REQUEST of 200001 shots", .shotsRequest, [0x41, 0x0d, 3, 0, 0, 0, 0, 0]),
            ("SHOTS_REQUEST of mode 2", .shotsRequest, [1, 0, 0, 0, 2, 0, 0, 0]),
            (
                "HOST_BITS with a byte missing", .hostBits,
                campaign + [1, 0, 0, 0, 0, 0, 0, 0, 9, 0, 0, 0, 0, 0, 0, 0, 1]
            ),
            ("SAFE with a payload", .safe, [0]),
        ]
        var findings = Findings()
        for (name, type, payload) in cases {
            if type == .rawRandomRequest, try !bench.board.hasRNG { continue }
            let number = try await bench.probe.post(type: type.rawValue, payload: payload)
            let message = try await bench.probe.answer(to: number, for: type).message
            findings.expect(
                message?.errorCode == .badPayload,
                "\(name) is answered with \(message?.summary ?? "an unreadable message"), not ERROR bad-payload.")
        }
        try await alive(bench, after: "payloads that cannot be read", &findings)
        try findings.done()
        return .passed
    }

    /// A frame of another version is refused by its number.
    static func wrongVersion(_ bench: inout BoardBench) async throws(BellError) -> CheckOutcome {
        let number = await bench.probe.numberForHandMade()
        var bytes = BoardMessage.statusRequest.encoded(sequence: number)
        bytes[4] = 2
        let checksum = crc32c(Array(bytes[..<20]))
        for place in 0..<4 { bytes[20 + place] = UInt8(truncatingIfNeeded: checksum >> UInt32(8 * place)) }
        try await bench.probe.postBytes(bytes)
        let message = try await bench.probe.answer(to: number, for: nil).message
        guard message?.errorCode == .wrongVersion else {
            throw BellError(
                .conformanceViolation,
                "A frame of version 2 is answered with \(message?.summary ?? "an unreadable message"), "
                    + "not ERROR wrong-version.")
        }
        return .passed
    }

    /// In a stream, a sound frame is found behind garbage.
    static func stream(_ bench: inout BoardBench) async throws(BellError) -> CheckOutcome {
        guard bench.options.way == .stream else { return .skipped("this way carries whole messages") }
        let sound = BoardMessage.safe.encoded(sequence: 78)
        var oversized = sound
        oversized[16...19] = [1, 0, 0x10, 0]
        var findings = Findings()
        for (name, bytes) in [
            ("garbage", Array("BEL no frame BELBELL".utf8)), ("a header of over 1 MiB", oversized),
            ("a frame that is cut short", Array(BoardMessage.ping(token: 3).encoded(sequence: 79).dropLast(5))),
        ] {
            try await bench.probe.postBytes(bytes)
            // The frame behind a cut one may be taken for its rest, until the checksum tells.
            let first = try await bench.probe.post(.ping(token: 4))
            try await alive(bench, after: name, &findings)
            findings.expect(
                await bench.probe.ledger.answers[first] != nil, "The first frame behind \(name) is not answered.")
        }
        _ = await bench.probe.takeStrayErrors()
        try findings.done()
        return .passed
    }

    /// Answers come in the order of the requests although none was waited for.
    static func pipelined(_ bench: inout BoardBench) async throws(BellError) -> CheckOutcome {
        var numbers: [(UInt32, MessageType)] = []
        for token in 0..<8 {
            numbers.append((try await bench.probe.post(.ping(token: UInt64(token))), .ping))
            numbers.append((try await bench.probe.post(.statusRequest), .statusRequest))
        }
        var findings = Findings()
        for (place, (number, type)) in numbers.enumerated() {
            let reply = try await bench.probe.reply(to: number, of: type)
            if type == .ping {
                findings.expect(
                    reply == .pong(token: UInt64(place / 2)), "PING \(place / 2) is answered with \(reply.summary).")
            } else if case .status = reply {
            } else {
                findings.add("STATUS_REQUEST is answered with \(reply.summary).")
            }
        }
        try findings.done()
        return .passed
    }

    // MARK: The whole session

    /// Every frame that came could be read.
    static func readable(_ bench: inout BoardBench) async throws(BellError) -> CheckOutcome {
        try remarks(await bench.probe.ledger.unreadable, "frames cannot be read")
    }

    /// Every frame had the next number.
    static func sequence(_ bench: inout BoardBench) async throws(BellError) -> CheckOutcome {
        try remarks(await bench.probe.ledger.gaps, "frames are not numbered 1, 2, 3 … from CAPABILITIES on")
    }

    /// Every answer belonged to one request, in their order.
    static func answers(_ bench: inout BoardBench) async throws(BellError) -> CheckOutcome {
        try remarks(await bench.probe.ledger.disorder, "answers break the order")
    }

    /// The tick counter never went back.
    static func ticks(_ bench: inout BoardBench) async throws(BellError) -> CheckOutcome {
        try remarks(await bench.probe.ledger.backwardTicks, "times the tick counter went back")
    }

    private static func remarks(_ remarks: ProbeLedger.Remarks, _ what: String) throws(BellError) -> CheckOutcome {
        guard remarks.count > 0 else { return .passed }
        throw BellError(
            .conformanceViolation, "In the whole session, \(remarks.count) \(what).",
            cause: remarks.texts.joined(separator: "; "))
    }

    private static func alive(
        _ bench: BoardBench, after what: String, _ findings: inout Findings
    ) async throws(BellError) {
        let reply = try await bench.probe.ask(.ping(token: 0xa11e))
        findings.expect(reply == .pong(token: 0xa11e), "After \(what), PING is answered with \(reply.summary).")
    }
}
