import BellBeacon
import BellCrypto
import BellHost
import BellModel

/// `bellctl beacon …`: reads pulses over HTTP or from a file, without a daemon.
enum BeaconCommand {
    /// A file of half a million pulses; a year of one a minute.
    private static let mostFileBytes = 2 << 30

    private static func reader(_ invocation: Invocation) throws(BellError) -> any BeaconReader {
        let name = invocation.positional(0) ?? ""
        if name.contains("://") { return try BeaconClient(name) }
        let bytes = try readFile(name, limit: mostFileBytes)
        return try BeaconArchive(json: try JSON(parsing: bytes, source: name), source: name)
    }

    private static func number(_ name: String, _ invocation: Invocation) throws(BellError) -> UInt64? {
        invocation.text(name) == nil ? nil : try invocation.count(name, in: 1...(1 << 48))
    }

    /// `beacon show`.
    static func show(_ invocation: Invocation) throws(BellError) -> Reply {
        let reader = try reader(invocation)
        let chain = try reader.chain(try number("chain", invocation))
        guard let numbers = chain.pulses else {
            throw BellError(
                .beaconMissing, "The chain \(chain.number) has no pulse yet.", at: reader.name,
                cause: chain.state.flatMap { Style.safe($0, limit: 80) })
        }
        let index = try number("pulse", invocation) ?? numbers.upperBound
        guard let pulse = try reader.pulses(chain: chain.number, index...index).first else {
            throw BellError(
                .beaconMissing, "There is no pulse \(index).", at: reader.name,
                fix: "the chain \(chain.number) has pulses \(numbers.lowerBound) to \(numbers.upperBound)")
        }
        return Reply(json: ["pulse": pulse.json], text: BeaconText.pulse(pulse, chain, invocation.console.style))
    }

    /// `beacon key`.
    static func key(_ invocation: Invocation) throws(BellError) -> Reply {
        let file = try invocation.stateDirectory().key("beacon")
        guard fileExists(file.path) else {
            throw BellError(
                .fileMissing, "There is no beacon's key in this state directory.", at: file.path,
                fix: "check --state; bellbeacon makes the key at its first start")
        }
        guard let secret = SigningKey(seed: try file.read()), let key = PublicKey(bytes: secret.publicKey) else {
            throw BellError(.keyFile, "The file holds no key.", at: file.path)
        }
        let certificate = BeaconCertificate(key)
        return Reply(
            json: [
                "public_key": .string(key.description), "pem": .string(key.pem), "file": .string(file.path),
                "certificate_id": .string(certificate.id.bytes.hex),
            ],
            text: "\(key)\n\(key.pem)")
    }

    /// `beacon verify`.
    static func verify(_ invocation: Invocation) throws(BellError) -> Reply {
        let reader = try reader(invocation)
        let verification = try BeaconVerification(
            reader, chain: try number("chain", invocation), trusted: try trustedKey(invocation))
        let report: BeaconVerification.Report
        if let anchor = try number("anchor", invocation) {
            let extra = ["from", "to", "save"].first { invocation.text($0) != nil }
            if let extra {
                throw BellError(.toolArgument, "--anchor and --\(extra) exclude each other.", at: "--\(extra)")
            }
            report = try verification.way(to: anchor)
        } else {
            report = try chain(verification, invocation)
        }
        if let error = BellError.all(report.findings) { throw error }
        return Reply(
            json: BeaconText.json(report), text: BeaconText.report(report, reader.name, invocation.console.style))
    }

    private static func chain(
        _ verification: BeaconVerification, _ invocation: Invocation
    ) throws(BellError) -> BeaconVerification.Report {
        let screen = ProgressScreen(console: invocation.console)
        let path = invocation.text("save")
        var kept: [Pulse] = []
        defer { screen.end() }
        let report = try verification.chain(
            from: try number("from", invocation), to: try number("to", invocation)
        ) { (done, all, pulses) throws(BellError) in
            if path != nil { kept += pulses }
            screen.draw(fraction: Double(done) / Double(all), fields: ["\(done) of \(all) pulses"])
        }
        if let path, report.findings.isEmpty {
            let archive = BeaconArchive(certificates: [report.certificate], pulses: kept, name: path)
            try writeFileAtomically(path, text: archive.json.text + "\n", mode: 0o644)
        }
        return report
    }

    /// The key of `--key`: 64 hexadecimal digits, or a PEM file.
    private static func trustedKey(_ invocation: Invocation) throws(BellError) -> PublicKey? {
        guard let text = invocation.text("key") else { return nil }
        if let key = PublicKey(hex: text) { return key }
        return try PublicKey(pem: try readText(text, limit: 1 << 16), source: text)
    }
}
