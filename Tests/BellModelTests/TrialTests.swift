import BellModel
import Testing

@Suite struct TrialTests {
    @Test("a record's bytes lie where the table says")
    func layout() {
        let record = TrialRecord(
            index: 0x0807_0605_0403_0201, startTick: 0x100f_0e0d_0c0b_0a09, stopDelta: 0x1413_1211, i: 0x1615, q: -2,
            setting: 1, outcome: 0, flags: [.simulated, .clockUnlocked], aux: 0x201f_1e1d)
        var bytes: [UInt8] = []
        record.append(to: &bytes)
        #expect(bytes.count == TrialRecord.byteCount)
        #expect(bytes.hex == "0102030405060708090a0b0c0d0e0f101112131415" + "16feff0100" + "8100" + "1d1e1f20")
        #expect(TrialRecord.all(in: bytes) == [record])
    }

    @Test("any 32 bytes are a record and come back unchanged")
    func roundTrip() {
        var generator = SystemRandomNumberGenerator()
        let bytes = (0..<320).map { _ in UInt8.random(in: 0...255, using: &generator) }
        #expect(TrialRecord.bytes(of: TrialRecord.all(in: bytes)) == bytes)
        #expect(TrialRecord.all(in: bytes + [1, 2, 3]).count == 10)
        #expect(TrialRecord.all(in: []).isEmpty)
    }

    @Test("only simulated and host bit are healthy flags")
    func flags() {
        #expect(TrialFlags.unhealthy.isDisjoint(with: [.simulated, .hostBit]))
        for bit in 2..<16 { #expect(TrialFlags.unhealthy.contains(TrialFlags(rawValue: 1 << bit))) }
    }

    @Test("a status byte is a valid trial, a known loss, or nothing")
    func statusBytes() {
        for raw in UInt8.min...UInt8.max {
            let status = TrialStatus(rawValue: raw)
            let isLoss = raw & 15 == 0 && LossCause(rawValue: raw >> 4) != nil
            #expect((status != nil) == (raw < 16 || isLoss))
            #expect(status?.cell == (raw < 16 ? Int(raw) : nil))
            #expect(status?.loss == (isLoss ? LossCause(rawValue: raw >> 4) : nil))
        }
        #expect(TrialStatus(x: 1, y: 0, a: 1, b: 1).rawValue == 0b1011)
        for cause in LossCause.allCases { #expect(TrialStatus(loss: cause).loss == cause) }
    }

    @Test("a tally counts cells and losses, and sums add up")
    func tally() throws {
        var tally = TrialTally()
        tally.add(TrialStatus(x: 0, y: 1, a: 1, b: 0), times: 5)
        tally.add(TrialStatus(x: 1, y: 1, a: 0, b: 1))
        tally.add(TrialStatus(loss: .locality), times: 2)
        #expect(tally.count(x: 0, y: 1, a: 1, b: 0) == 5)
        #expect(tally.count(x: 0, y: 1) == 5)
        #expect(tally.valid == 6 && tally.losses == 2 && tally.trials == 8)
        #expect(tally.losses(.locality) == 2)
        // Unequal outcomes win only on the pair with the minus sign.
        #expect(tally.wins(.minusOn11) == 1 && tally.wins(.minusOn01) == 5 && tally.wins(.minusOn00) == 0)
        tally += tally
        #expect(tally.trials == 16)
        #expect(try TrialTally(json: try JSON(parsing: tally.json.text), path: "t") == tally)
    }

    @Test("every sign pattern wins three pairs on equal outcomes", arguments: CHSHPattern.allCases)
    func patterns(pattern: CHSHPattern) {
        var signs: [String: Int] = [:]
        for x in 0...1 {
            for y in 0...1 {
                signs["\(x)\(y)"] = pattern.sign(x: x, y: y)
                #expect(pattern.wins(x: x, y: y, a: 0, b: 0) == (pattern.sign(x: x, y: y) == 1))
                #expect(pattern.wins(x: x, y: y, a: 0, b: 1) == (pattern.sign(x: x, y: y) == -1))
            }
        }
        #expect(signs.filter { $0.value == -1 }.keys.sorted() == [pattern.rawValue])
    }

    @Test(
        "a tally that contradicts itself or overflows is refused",
        arguments: [
            #"{"counts":[1],"losses":{},"valid":1,"lost":0}"#,
            #"{"counts":[1,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0],"losses":{},"valid":2,"lost":0}"#,
            #"{"counts":[1,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0],"losses":{"clock":1},"valid":1,"lost":0}"#,
            #"{"counts":[1,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0],"losses":{},"valid":1,"lost":0,"x":1}"#,
            #"{"counts":[-1,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0],"losses":{},"valid":1,"lost":0}"#,
            #"{"counts":["18446744073709551615",1,0,0,0,0,0,0,0,0,0,0,0,0,0,0],"losses":{},"valid":0,"lost":0}"#,
            "[]",
        ])
    func badTallies(text: String) throws {
        let json = try JSON(parsing: text)
        let error = #expect(throws: BellError.self) { try TrialTally(json: json, path: "t") }
        #expect(error?.code == .jsonShape)
    }
}
