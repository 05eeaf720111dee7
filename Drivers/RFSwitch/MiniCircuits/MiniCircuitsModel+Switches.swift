import BellModel
import DriverKit

// Commands and replies of the switch dialects. Switches are numbered from 0 here.
extension MiniCircuitsModel {
    /// The letter of a switch: `A`, `B`, ….
    static func letter(_ index: Int) -> String { String(UnicodeScalar(UInt8(ascii: "A") + UInt8(index & 15))) }

    /// The command that connects a port; the caller has checked the port and the switch.
    ///
    /// - Throws: `instrument.protocol` for a text that does not fit; `instrument.wrong-device` for an attenuator.
    func request(port: Int, ofSwitch index: Int) throws(BellError) -> MiniCircuitsRequest {
        switch dialect {
        case .relayMask:
            MiniCircuitsRequest(code: UInt8(truncatingIfNeeded: index + 1), port == 2 ? 1 : 0)
        case .portCodes:
            MiniCircuitsRequest(code: UInt8(truncatingIfNeeded: port))
        case .relayPorts:
            MiniCircuitsRequest(
                code: 12, UInt8(truncatingIfNeeded: index + 1), UInt8(truncatingIfNeeded: port))
        case .text(let code, let path):
            try MiniCircuitsRequest(code: code, text: "\(MiniCircuitsModel.path(path, index)):\(port)")
        case .quarterDecibels, .attenuationText:
            throw notOfKind("switch box")
        }
    }

    /// The command that asks where a switch stands.
    func request(askingSwitch index: Int) throws(BellError) -> MiniCircuitsRequest {
        switch dialect {
        case .relayMask, .portCodes:
            MiniCircuitsRequest(code: 15)
        case .relayPorts:
            MiniCircuitsRequest(code: 13, UInt8(truncatingIfNeeded: index + 1))
        case .text(let code, let path):
            try MiniCircuitsRequest(code: code, text: MiniCircuitsModel.path(path, index) + "?")
        case .quarterDecibels, .attenuationText:
            throw notOfKind("switch box")
        }
    }

    /// Reads the reply to ``request(askingSwitch:)``.
    ///
    /// - Throws: `instrument.protocol` for a port that the switch does not have.
    func port(ofSwitch index: Int, in reply: MiniCircuitsReply, of layout: SwitchLayout) throws(BellError) -> Int {
        let port: Int?
        switch dialect {
        case .relayMask:
            port = reply.bytes[1] >> UInt8(index & 7) & 1 == 1 ? 2 : 1
        case .portCodes, .relayPorts:
            port = Int(reply.bytes[1])
        case .text:
            let text = try reply.text()
            port = text.utf8.count <= 3 && text.utf8.allSatisfy { $0 >= 0x30 && $0 <= 0x39 } ? Int(text) : nil
        case .quarterDecibels, .attenuationText:
            throw notOfKind("switch box")
        }
        guard let port, layout.ports.contains(port) else {
            throw BellError(
                .instrumentProtocol,
                "The box reports no port of switch \(MiniCircuitsModel.letter(index)).",
                cause: "bytes 1 … 4 of the reply are \(reply.bytes[1...4].map(String.init).joined(separator: " ")); "
                    + "\(name) has the ports \(layout.ports.lowerBound) … \(layout.ports.upperBound) "
                    + "(its commands: \(confirmation.rawValue))",
                fix: "compare the model's row in the table of models with the vendor's programming manual")
        }
        return port
    }

    /// Checks the reply to a set. Binary dialects only repeat the code; the state is read back in any case.
    ///
    /// Text dialects answer `1`, or `0` on failure; one public driver notes the new port as the answer instead, so that `0`
    /// after setting port 0 is left to the reading back.
    /// - Throws: `instrument.fault` when the box says that it failed.
    func check(setReply reply: MiniCircuitsReply, port: Int) throws(BellError) {
        guard case .text = dialect else { return }
        let text = try reply.text()
        if text == "1" || text == "\(port)" { return }
        throw BellError(
            text == "0" ? .instrumentFault : .instrumentProtocol, "The box refused to set port \(port).",
            cause: "it answered \"\(text)\" where \"1\" is success",
            fix: "read the switch's present port, then try again")
    }

    private static func path(_ path: String, _ index: Int) -> String {
        path.split(separator: "{}", omittingEmptySubsequences: false).joined(separator: letter(index))
    }

    /// `instrument.wrong-device`: the box is of another kind.
    func notOfKind(_ wanted: String) -> BellError {
        BellError(
            .instrumentWrongDevice, "The Mini-Circuits box is no \(wanted): \(name) is a different kind, \(kind.name).",
            fix: "give the device the kind \(kind.name), or write the serial number of a \(wanted)")
    }
}
