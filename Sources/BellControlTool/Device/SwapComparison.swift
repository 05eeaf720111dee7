import BellModel
import BellSequence
import Devices
import DriverKit

/// Compares the device at a new address with what the laboratory and its sequences need. Pure.
enum SwapComparison {
    /// Compares a board with its entry in lab.yaml.
    static func board(_ found: Capabilities, for device: Laboratory.Device, node: Node) -> [SwapFinding] {
        var findings = [
            SwapFinding(
                subject: "found there",
                text: "\(found.model), serial \(found.serial), firmware \(found.firmware)"
                    + (found.simulated ? ", simulated" : ", real"), verdict: .ok)
        ]
        findings.append(
            found.node == node
                ? SwapFinding(subject: "node", text: "\(node.name), as wanted", verdict: .ok)
                : SwapFinding(
                    subject: "node", text: "the board says that it is \(found.node.name)'s, not \(node.name)'s",
                    verdict: .refused))
        findings += limits(BoardLimits(found), listed: device.limits)
        findings.append(
            SwapFinding(
                subject: "spool", text: "\(found.spoolTrials) trial records; an arm can be at most so long",
                verdict: found.spoolTrials >= 1024 ? .ok : .note))
        if !found.hasRNG {
            findings.append(
                SwapFinding(
                    subject: "input bits", text: "no generator of its own: plans need input_bits from the host",
                    verdict: .note))
        }
        if !found.hasSigningKey {
            findings.append(
                SwapFinding(subject: "signing key", text: "none: its chunks are not signed by itself", verdict: .note))
        }
        return findings
    }

    /// Compares limits with those that lab.yaml states; a difference is worth knowing, because sequences are compiled
    /// with the listed ones while the board is not there.
    private static func limits(_ found: BoardLimits, listed: BoardLimits?) -> [SwapFinding] {
        let assumed = listed ?? .typical
        let origin = listed == nil ? "assumed without it" : "in lab.yaml"
        func row(_ subject: String, _ new: String, _ old: String) -> SwapFinding {
            new == old
                ? SwapFinding(subject: subject, text: "\(new), as \(origin)", verdict: .ok)
                : SwapFinding(subject: subject, text: "\(new); \(old) \(origin)", verdict: .note)
        }
        func rate(_ limits: BoardLimits) -> String { "\(NumberText.fixed(limits.tickRate.hertz / 1e6, 6)) MHz" }
        return [
            row("tick rate", rate(found), rate(assumed)),
            row("ticks a sample", "\(found.ticksPerSample)", "\(assumed.ticksPerSample)"),
            row("waveform memory", "\(found.waveformMemory) samples", "\(assumed.waveformMemory) samples"),
            row("events", "\(found.maxEvents)", "\(assumed.maxEvents)"),
        ]
    }

    /// Says whether a sequence can be played once this node's board is the found one.
    static func sequence(_ path: String, _ result: Result<CompiledSequence, BellError>) -> SwapFinding {
        switch result {
        case .failure(let error):
            let others = error.others.isEmpty ? "" : " (and \(error.others.count) more)"
            return SwapFinding(subject: path, text: error.what + others, verdict: .refused)
        case .success(let compiled):
            let margins = compiled.nominalMargins
            func ns(_ time: Picoseconds?) -> String { time.map { NumberText.fixed($0.nanoseconds, 3) } ?? "unknown" }
            return SwapFinding(
                subject: path,
                text: "compiles; margins A→B \(ns(margins.ab)) ns, B→A \(ns(margins.ba)) ns, each must exceed "
                    + "\(NumberText.fixed(margins.required / 1000, 3)) ns", verdict: .ok)
        }
    }

    /// Compares an instrument with the settings that lab.yaml wants before each block.
    static func instrument(
        _ found: InstrumentIdentity, _ settings: [InstrumentSetting], for device: Laboratory.Device
    ) -> [SwapFinding] {
        var findings = [
            SwapFinding(
                subject: "found there",
                text: "\(found.vendor) \(found.model), serial \(found.serial), firmware \(found.firmware)"
                    + (found.isSimulated ? ", simulated" : ", real"), verdict: .ok)
        ]
        for wanted in device.settings {
            guard let setting = settings.first(where: { $0.key == wanted.key }) else {
                findings.append(
                    SwapFinding(
                        subject: wanted.key,
                        text: "it has no such setting; it has \(settings.map(\.key).joined(separator: ", "))",
                        verdict: .refused))
                continue
            }
            guard setting.isWritable else {
                findings.append(SwapFinding(subject: wanted.key, text: "it can only be read", verdict: .refused))
                continue
            }
            do throws(BellError) {
                _ = try setting.value(parsing: wanted.value, of: device.name)
                findings.append(
                    SwapFinding(
                        subject: wanted.key, text: "\(wanted.value) is allowed (\(setting.range))", verdict: .ok))
            } catch {
                findings.append(
                    SwapFinding(
                        subject: wanted.key, text: "\(wanted.value) is not allowed (\(setting.range))",
                        verdict: .refused))
            }
        }
        return findings
    }
}
