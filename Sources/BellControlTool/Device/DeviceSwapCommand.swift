import BellHost
import BellModel
import BellSequence
import BellYAML
import Devices
import DriverKit

/// `bellctl device swap`: another address for a device, after a look at what stands there.
enum DeviceSwapCommand {
    static func run(_ invocation: Invocation) throws(BellError) -> Reply {
        let name = invocation.positional(0) ?? ""
        let new = try DeviceAddress(invocation.positional(1) ?? "", place: "ADDRESS")
        let lab = invocation.text("lab") ?? ""
        let text = try readText(lab)
        let laboratory = try LabFile.laboratory(text: text, source: lab)
        let device = try LabFile.device(name, in: laboratory)
        let edited = try LabFile.replacing(addressOf: name, with: new, in: text, source: lab)
        // What the file would say must be right as a whole: ways, double addresses, programs.
        let changed = try LabFile.device(name, in: try LabFile.laboratory(text: edited, source: lab))

        var findings: [SwapFinding] = []
        if !invocation.flag("offline") {
            findings = try look(at: changed, laboratory: laboratory, invocation)
        }
        let isRefused = findings.contains { $0.verdict == .refused }
        let isWritten = !invocation.flag("dry-run") && (!isRefused || invocation.flag("force"))
        if isWritten { try rewriteFileAtomically(lab, text: edited) }

        let style = invocation.console.style
        var out = "device \(style.bold(name)) (\(device.driver.rawValue)) in \(device.place)\n"
        var table = TextTable(["", ""])
        table.add(["address", "\(device.address.text) → \(new.text)"])
        for finding in findings {
            let text = Style.safe(finding.text, limit: 400) ?? ""
            table.add([
                Style.safe(finding.subject, limit: 80) ?? "",
                finding.verdict == .refused ? style.bad("✗ ") + text : text,
            ])
        }
        out += table.text()
        let next = "belld reads lab.yaml when it starts: `bellctl lab down`, then `bellctl lab up`"
        switch (isWritten, invocation.flag("dry-run")) {
        case (true, _): out += "changed \(lab). \(next)\n"
        case (_, true): out += "nothing was changed (--dry-run)\n"
        default: out += "nothing was changed, because of what is marked ✗; --force changes it all the same\n"
        }
        return Reply(
            json: [
                "device": .string(name), "from": .string(device.address.text), "to": .string(new.text),
                "findings": .array(findings.map(\.json)), "written": .bool(isWritten),
            ], text: out, exit: isRefused && !isWritten ? .experiment : .ok)
    }

    /// Asks what stands at the new address.
    private static func look(
        at device: Laboratory.Device, laboratory: Laboratory, _ invocation: Invocation
    ) throws(BellError) -> [SwapFinding] {
        let access = try DirectAccess(invocation, lab: laboratory.source)
        defer { access.close() }
        guard device.driver == .board, let node = device.node else {
            let (identity, settings) = try access.identify(device)
            return SwapComparison.instrument(identity, settings, for: device)
        }
        let found = try access.capabilities(of: device)
        var findings = SwapComparison.board(found, for: device, node: node)
        var limits = laboratory.limits
        limits[node] = BoardLimits(found)
        for path in try sequences(invocation) {
            let result: Result<CompiledSequence, BellError>
            do throws(BellError) {
                result = .success(
                    try OfflineCompiler.compile(
                        sequence: path, lab: laboratory.source, k: 5, inputBits: found.hasRNG ? .board : .host,
                        limits: limits))
            } catch {
                result = .failure(error)
            }
            findings.append(SwapComparison.sequence(path, result))
        }
        return findings
    }

    /// The sequences that must go on working: those that are named, else all in the folder `Sequences`.
    private static func sequences(_ invocation: Invocation) throws(BellError) -> [String] {
        let named = invocation.texts("sequence")
        if !named.isEmpty { return named }
        guard isFolder("Sequences") else { return [] }
        return try folderContents("Sequences").filter { $0.hasSuffix(".yaml") }.map { "Sequences/\($0)" }
    }
}
