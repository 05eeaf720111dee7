/// The commands of the simulated source, as a table from header to meaning.
extension SimulatedSource {
    private enum Command: Sendable {
        case clear, eventEnable, events, identity, complete, restore, serviceEnable, status, selfTest, wait
        case frequency, power, output, reference, lock, questionable, questionableFrequency, error, version
        case block, openBlock, echo
    }

    private static let table: [(SCPIHeaderPattern, Command)] = [
        (SCPIHeaderPattern("*CLS"), .clear), (SCPIHeaderPattern("*ESE"), .eventEnable),
        (SCPIHeaderPattern("*ESR"), .events), (SCPIHeaderPattern("*IDN"), .identity),
        (SCPIHeaderPattern("*OPC"), .complete), (SCPIHeaderPattern("*RST"), .restore),
        (SCPIHeaderPattern("*SRE"), .serviceEnable), (SCPIHeaderPattern("*STB"), .status),
        (SCPIHeaderPattern("*TST"), .selfTest), (SCPIHeaderPattern("*WAI"), .wait),
        (SCPIHeaderPattern("[SOURce]:FREQuency[:CW]"), .frequency),
        (SCPIHeaderPattern("[SOURce]:POWer[:LEVel][:IMMediate][:AMPLitude]"), .power),
        (SCPIHeaderPattern("OUTPut[:STATe]"), .output),
        (SCPIHeaderPattern("[SOURce]:ROSCillator:SOURce"), .reference),
        (SCPIHeaderPattern("[SOURce]:ROSCillator:LOCKed"), .lock),
        (SCPIHeaderPattern("STATus:QUEStionable:CONDition"), .questionable),
        (SCPIHeaderPattern("STATus:QUEStionable:FREQuency:CONDition"), .questionableFrequency),
        (SCPIHeaderPattern("SYSTem:ERRor[:NEXT]"), .error), (SCPIHeaderPattern("SYSTem:VERSion"), .version),
        (SCPIHeaderPattern("TEST:BLOCK"), .block), (SCPIHeaderPattern("TEST:BLOCK:INDEFinite"), .openBlock),
        (SCPIHeaderPattern("TEST:ECHO"), .echo),
    ]

    mutating func follow(_ unit: SCPIMessageUnit) {
        guard let command = SimulatedSource.table.first(where: { $0.0.matches(Substring(unit.header)) })?.1 else {
            return note(-113, "Undefined header")
        }
        if unit.isQuery { query(command, unit) } else { set(command, unit) }
    }

    private mutating func query(_ command: Command, _ unit: SCPIMessageUnit) {
        switch command {
        case .eventEnable: answer("\(eventEnable)")
        case .events:
            answer("\(events)")
            events = 0
        case .identity: answer("belld simulated,MW-20,\(serial),1.0")
        case .complete: answer("1")
        case .serviceEnable: answer("\(serviceEnable)")
        case .status: answer("\(statusByte(isAnswerWaiting: false))")
        case .selfTest: answer("0")
        case .frequency: answerNumber(frequency, SimulatedSource.frequencies, unit)
        case .power: answerNumber(power, SimulatedSource.powers, unit)
        case .output: answer(isOn ? "1" : "0")
        case .reference: answer(usesExternalReference ? "EXT" : "INT")
        case .lock: answer(isLocked ? "1" : "0")
        case .questionable: answer(isLocked ? "0" : "32")
        case .questionableFrequency: answer(isLocked ? "0" : "2")
        case .error:
            let entry = errors.isEmpty ? (code: 0, text: "No error") : errors.removeFirst()
            answer("\(entry.code),\"\(entry.text)\"")
        case .version: answer("1999.0")
        case .block:
            guard let content = testContent(unit) else { return note(-109, "Missing parameter") }
            let length = "\(content.count)"
            responses.append(Array("#\(length.count)\(length)".utf8) + content)
        case .openBlock:
            guard let content = testContent(unit) else { return note(-109, "Missing parameter") }
            responses.append(Array("#0".utf8) + content)
        case .echo:
            guard let content = unit.parameters.first.flatMap(SCPIMessageUnit.blockContent) else {
                return note(-161, "Invalid block data")
            }
            let length = "\(content.count)"
            responses.append(Array("#\(length.count)\(length)".utf8) + content)
        case .clear, .restore, .wait: note(-113, "Undefined header")
        }
    }

    private mutating func set(_ command: Command, _ unit: SCPIMessageUnit) {
        switch command {
        case .clear:
            errors = []
            events = 0
        case .eventEnable: if let value = register(unit) { eventEnable = value }
        case .serviceEnable: if let value = register(unit) { serviceEnable = value & 0xBF }
        case .complete: events |= 0x01
        case .restore: restore()
        case .wait: break
        case .frequency: if let value = number(unit, SimulatedSource.frequencies) { frequency = value }
        case .power: if let value = number(unit, SimulatedSource.powers) { power = value }
        case .output:
            switch word(unit) {
            case "ON", "1": isOn = true
            case "OFF", "0": isOn = false
            default: note(-224, "Illegal parameter value")
            }
        case .reference:
            switch word(unit) {
            case "INT", "INTERNAL": usesExternalReference = false
            case "EXT", "EXTERNAL": usesExternalReference = true
            default: note(-224, "Illegal parameter value")
            }
        case .events, .identity, .status, .selfTest, .lock, .questionable, .questionableFrequency, .error, .version,
            .block, .openBlock, .echo:
            note(-113, "Undefined header")
        }
    }

    // MARK: Parameters

    private func word(_ unit: SCPIMessageUnit) -> String {
        String(decoding: unit.parameters.first ?? [], as: UTF8.self).uppercased()
    }

    private mutating func register(_ unit: SCPIMessageUnit) -> UInt8? {
        guard let value = Double(word(unit)), (0...255).contains(value) else {
            note(-222, "Data out of range")
            return nil
        }
        return UInt8(value)
    }

    private mutating func number(_ unit: SCPIMessageUnit, _ range: ClosedRange<Double>) -> Double? {
        switch word(unit) {
        case "": note(-109, "Missing parameter")
        case "MIN", "MINIMUM": return range.lowerBound
        case "MAX", "MAXIMUM": return range.upperBound
        case let text:
            guard let value = SimulatedSource.scaled(text) else {
                note(-104, "Data type error")
                break
            }
            if range.contains(value) { return value }
            note(-222, "Data out of range")
        }
        return nil
    }

    /// A number with or without its unit.
    private static func scaled(_ text: String) -> Double? {
        let number = text.prefix { "+-.0123456789".contains($0) || $0 == "E" }
        let factor: Double? =
            switch text.dropFirst(number.count).filter({ $0 != " " }) {
            case "", "HZ", "DBM": 1
            case "KHZ": 1e3
            case "MHZ": 1e6
            case "GHZ": 1e9
            default: nil
            }
        return factor.flatMap { factor in Double(number).map { $0 * factor } }
    }

    private mutating func answerNumber(_ value: Double, _ range: ClosedRange<Double>, _ unit: SCPIMessageUnit) {
        switch word(unit) {
        case "": answer("\(value)".uppercased())
        case "MIN", "MINIMUM": answer("\(range.lowerBound)".uppercased())
        case "MAX", "MAXIMUM": answer("\(range.upperBound)".uppercased())
        default: note(-224, "Illegal parameter value")
        }
    }

    /// Bytes 0, 1, 2 … of the length that is asked for, at most 4 MiB.
    private func testContent(_ unit: SCPIMessageUnit) -> [UInt8]? {
        guard let count = Int(word(unit)), (0...(4 << 20)).contains(count) else { return nil }
        return (0..<count).map { UInt8(truncatingIfNeeded: $0) }
    }
}
