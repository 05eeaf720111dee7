import BellModel
import DriverKit

// Commands and replies of the attenuator dialects.
extension MiniCircuitsModel {
    /// The command that sets an attenuation, in dB; the caller has checked the grid.
    func request(attenuation: Double) throws(BellError) -> MiniCircuitsRequest {
        switch dialect {
        case .quarterDecibels:
            let quarters = Int((attenuation * 4).rounded())
            return MiniCircuitsRequest(
                code: 19, UInt8(truncatingIfNeeded: quarters / 4), UInt8(truncatingIfNeeded: quarters % 4))
        case .attenuationText(let code):
            return try MiniCircuitsRequest(code: code, text: ":SETATT=\(attenuation)")
        case .relayMask, .portCodes, .relayPorts, .text:
            throw notOfKind("attenuator")
        }
    }

    /// The command that asks for the attenuation.
    func attenuationRequest() throws(BellError) -> MiniCircuitsRequest {
        switch dialect {
        case .quarterDecibels: MiniCircuitsRequest(code: 18)
        case .attenuationText(let code): try MiniCircuitsRequest(code: code, text: ":ATT?")
        case .relayMask, .portCodes, .relayPorts, .text: throw notOfKind("attenuator")
        }
    }

    /// Reads the reply to ``attenuationRequest()``, in dB.
    ///
    /// - Throws: `instrument.protocol` for what is no attenuation from 0 to the model's maximum.
    func attenuation(in reply: MiniCircuitsReply, maximum: Double) throws(BellError) -> Double {
        let decibels: Double?
        switch dialect {
        case .quarterDecibels:
            decibels = reply.bytes[2] < 4 ? Double(reply.bytes[1]) + Double(reply.bytes[2]) / 4 : nil
        case .attenuationText:
            let text = try reply.text()
            // Double(_:) would also take "nan", "0x1p3" and the like.
            let isPlain = text.utf8.count <= 8 && text.utf8.allSatisfy { $0 >= 0x30 && $0 <= 0x39 || $0 == 0x2E }
            decibels = isPlain ? Double(text) : nil
        case .relayMask, .portCodes, .relayPorts, .text:
            throw notOfKind("attenuator")
        }
        guard let decibels, decibels <= maximum else {
            throw BellError(
                .instrumentProtocol, "The attenuator reports no attenuation.",
                cause: "bytes 1 … 4 of the reply are \(reply.bytes[1...4].map(String.init).joined(separator: " ")); "
                    + "\(name) has 0 … \(maximum) dB (its commands: \(confirmation.rawValue))",
                fix: "compare the model's row in the table of models with the vendor's programming manual")
        }
        return decibels
    }

    /// Checks the reply to a set of a text dialect.
    ///
    /// - Throws: `instrument.fault` for `0`, `instrument.protocol` for what is neither `0` nor `1`.
    func checkAttenuation(setReply reply: MiniCircuitsReply) throws(BellError) {
        guard case .attenuationText = dialect else { return }
        let text = try reply.text()
        if text == "1" { return }
        throw BellError(
            text == "0" ? .instrumentFault : .instrumentProtocol, "The attenuator refused the attenuation.",
            cause: "it answered \"\(text)\" where \"1\" is success", fix: "read the present attenuation, then try again"
        )
    }
}
