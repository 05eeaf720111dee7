import BellBeacon
import BellCrypto
import BellModel

/// Pulses and what was checked of them, for people and for programs.
enum BeaconText {
    static func pulse(_ pulse: Pulse, _ chain: ChainSummary, _ style: Style) -> String {
        let status = pulse.statusCode.text
        let rows = [
            ("pulse", "\(pulse.pulseIndex) of chain \(pulse.chainIndex)"), ("time", "\(pulse.timeStamp)"),
            ("period", "\(pulse.period) ms"),
            ("status", pulse.origin.isSimulated ? style.bad(status) : status),
            ("bits of", "campaign \(pulse.origin.campaign), from bit \(pulse.origin.firstBit)"),
            ("random value", "\(pulse.localRandomValue)"), ("commits to", "\(pulse.precommitmentValue)"),
            ("output value", style.bold("\(pulse.outputValue)")), ("certificate", pulse.certificateID.bytes.hex),
            ("beacon", Style.safe(chain.state, limit: 80) ?? "a file"),
        ]
        return table(rows)
    }

    static func report(_ report: BeaconVerification.Report, _ name: String, _ style: Style) -> String {
        var rows: [(String, String)] = []
        if let counts = report.counts {
            rows.append(("signatures, output values", "\(counts.pulses)"))
            rows.append(("links to earlier pulses", "\(counts.pulses * UInt64(PulseLink.Kind.allCases.count))"))
            rows.append(("commitments kept", "\(counts.precommitments)"))
            rows.append(("gaps in time, all marked", "\(counts.gaps)"))
            if report.first > 1 { rows.append(("not checked", "pulses before \(report.first)")) }
        }
        if let way = report.way {
            rows.append(("signatures, output values", "\(way)"))
            rows.append(("not checked", "the pulses in between, and their gaps and commitments"))
        }
        let id = String(report.certificate.id.bytes.hex.prefix(16))
        rows.append(("key", "\(report.certificate.key.bytes.hex)"))
        rows.append(
            (
                "certificate",
                report.isKeyTrusted ? "\(id)…, of the key given" : "\(id)…, on its own word: compare with --key"
            ))
        let span =
            report.way == nil
            ? "pulses \(report.first) to \(report.last)" : "the way from pulse \(report.last) to \(report.first)"
        var text = style.good("sound") + ": chain \(report.chain) of \(Style.safe(name) ?? ""), \(span)\n" + table(rows)
        if report.isSimulated {
            text += style.bad("SIMULATED") + ": bits of simulated qubits, worth nothing but for trying things out\n"
        }
        return text
    }

    static func json(_ report: BeaconVerification.Report) -> JSON {
        var members: [String: JSON] = [
            "sound": .bool(report.findings.isEmpty), "chain": JSON(count: report.chain),
            "first": JSON(count: report.first),
            "last": JSON(count: report.last), "simulated": .bool(report.isSimulated),
            "certificate_id": .string(report.certificate.id.bytes.hex),
            "key": .string(report.certificate.key.bytes.hex),
            "key_trusted": .bool(report.isKeyTrusted),
        ]
        if let counts = report.counts {
            members["pulses"] = JSON(count: counts.pulses)
            members["precommitments"] = JSON(count: counts.precommitments)
            members["gaps"] = JSON(count: counts.gaps)
            members["simulated_pulses"] = JSON(count: counts.simulated)
        }
        if let way = report.way { members["way"] = .int(Int64(way)) }
        return .object(members)
    }

    private static func table(_ rows: [(String, String)]) -> String {
        let width = rows.map { $0.0.count }.max() ?? 0
        return rows.map { row in
            "  \(row.0)\(String(repeating: " ", count: width - row.0.count))  \(row.1)\n"
        }.joined()
    }
}
