/// What is inside a simulated box: switches or an attenuator, and the firmware that answers reports.
public struct MiniCircuitsHardware: Equatable, Sendable {
    /// The firmware's command set.
    enum Firmware: Equatable, Sendable {
        case spdt
        case sp4t
        case sp6t
        /// Text after byte 42 (or 1), with the words before the state: `SP8T`, `SP4T:A`, `SP6TA`.
        case text(UInt8, words: [String])
        case attenuator
        case attenuatorText(UInt8)
    }

    private let model: String
    private let serial: String
    private let version: String
    let firmware: Firmware
    /// The greatest port and the least.
    private let least: Int
    private let most: Int
    /// Where each switch is.
    public private(set) var ports: [Int]
    /// How often each switch has really moved.
    public private(set) var moves: [Int]
    /// Of an attenuator, in quarters of a decibel.
    public private(set) var quarters = 0

    public var isAttenuator: Bool {
        switch firmware {
        case .attenuator, .attenuatorText: true
        default: false
        }
    }

    init?(_ description: SimulatedMiniCircuits.Description) {
        model = description.model
        serial = description.serial
        version = description.firmware
        let parts = model.split(separator: "-")
        guard parts.count >= 3, let family = parts.first else { return nil }
        let kind = parts[1]
        var count = Int(kind.prefix { $0.isNumber }) ?? 1
        switch (family, kind.drop { $0.isNumber }) {
        case ("RC", "SPDT"), ("USB", "SPDT"):
            (firmware, least, most) = (.spdt, 1, 2)
        case ("USB", "SP4T") where !kind.hasPrefix("2"):
            (firmware, least, most) = (.sp4t, 1, 4)
        case ("USB", "SP4T"):
            (firmware, least, most) = (.text(1, words: ["SP4T:A", "SP4T:B"]), 1, 4)
        case ("USB", "SP8T"):
            (firmware, least, most) = (.text(parts[2] == "63H" ? 1 : 42, words: ["SP8T"]), 1, 8)
        case ("USB", "SP16T"):
            (firmware, least, most) = (.text(1, words: ["SP16T"]), 1, 16)
        case ("RC", "SP6T") where description.firmware < "C":
            (firmware, least, most) = (.sp6t, 0, 6)
        case ("RC", "SP6T"):
            (firmware, least, most) = (.text(42, words: count == 1 ? ["SP6TA"] : ["SP6TA", "SP6TB"]), 0, 6)
        case ("RC", "SP4T"):
            (firmware, least, most) = (.text(42, words: count == 1 ? ["SP4TA"] : ["SP4TA", "SP4TB"]), 0, 4)
        case ("RUDAT", _), ("RCDAT", _):
            guard let range = Int(parts[2]) else { return nil }
            let isText = kind != "6000"
            (firmware, least) = (isText ? .attenuatorText(family == "RUDAT" ? 1 : 42) : .attenuator, 0)
            most = range * 4
            count = 0
        default:
            return nil
        }
        ports = Array(repeating: least, count: count)
        moves = Array(repeating: 0, count: count)
        if isAttenuator { quarters = most }
    }

    mutating func move(_ index: Int, to port: Int) {
        guard ports.indices.contains(index), ports[index] != port else { return }
        ports[index] = port
        moves[index] += 1
    }

    /// Carries out one report of 64 bytes; nil when the firmware has no such command and keeps silent.
    mutating func answer(_ report: [UInt8], stuck: Bool) -> [UInt8]? {
        let code = report[0]
        if code == 40 { return [code] + Array(model.utf8) + [0] }
        // Another end of texts that is seen on boxes.
        if code == 41 { return [code] + Array(serial.utf8) + [0xFF] }
        if code == 99 { return [code, 0, 0, 0, 0] + Array(version.utf8.prefix(2)) }
        let before = self
        let answer = carryOut(report)
        if stuck { self = before }
        return answer
    }

    private mutating func carryOut(_ report: [UInt8]) -> [UInt8]? {
        let (code, first, second) = (report[0], report[1], report[2])
        switch firmware {
        case .spdt:
            switch code {
            case 1...8:
                // Anything but 0 energises: this is why a text with code 1 must never come here.
                move(Int(code) - 1, to: first == 0 ? 1 : 2)
                return [code]
            case 9:
                for index in ports.indices { move(index, to: first >> index & 1 == 0 ? 1 : 2) }
                return [code]
            case 15:
                return [code, ports.indices.reduce(0) { $0 | (ports[$1] == 2 ? 1 << $1 : 0) }]
            default:
                return nil
            }
        case .sp4t:
            if code == 15 { return [code, UInt8(ports[0])] }
            guard (1...4).contains(code) else { return nil }
            move(0, to: Int(code))
            return [code]
        case .sp6t:
            let index = Int(first) - 1
            guard ports.indices.contains(index) else { return nil }
            if code == 13 { return [code, UInt8(ports[index])] }
            guard code == 12, second <= 6 else { return nil }
            move(index, to: Int(second))
            return [code]
        case .text(let mark, let words):
            guard code == mark else { return nil }
            return [code] + Array(reply(to: text(report), words).utf8) + [0]
        case .attenuator:
            if code == 18 { return [code, UInt8(quarters / 4), UInt8(quarters % 4)] }
            guard code == 19 else { return nil }
            quarters = min(Int(first) * 4 + Int(second & 3), most)
            return [code]
        case .attenuatorText(let mark):
            guard code == mark else { return nil }
            return [code] + Array(replyOfAttenuator(to: text(report)).utf8) + [0]
        }
    }

    private func text(_ report: [UInt8]) -> String {
        String(decoding: report.dropFirst().prefix { $0 != 0 }, as: UTF8.self)
    }

    private mutating func reply(to text: String, _ words: [String]) -> String {
        if text == ":MN?" { return model }
        if text == ":SN?" { return serial }
        for (index, word) in words.enumerated() where text.hasPrefix(":\(word):STATE") {
            let rest = text.dropFirst(word.count + 7)
            if rest == "?" { return "\(ports[index])" }
            guard rest.first == ":", let port = Int(rest.dropFirst()), port >= least, port <= most else { return "0" }
            move(index, to: port)
            return "1"
        }
        return "0"
    }

    private mutating func replyOfAttenuator(to text: String) -> String {
        if text == ":MN?" { return model }
        if text == ":SN?" { return serial }
        let (whole, fraction) = (quarters / 4, ["0", "25", "5", "75"][quarters % 4])
        if text == ":ATT?" { return "\(whole).\(fraction)" }
        guard text.hasPrefix(":SETATT="), let value = Double(text.dropFirst(8)), value >= 0, value * 4 <= Double(most)
        else { return "0" }
        quarters = Int(value * 4)
        return "1"
    }
}
