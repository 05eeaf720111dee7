public import BellModel
public import BellYAML

extension BellError.Code {
    /// A plan contradicts itself.
    public static let planContradiction = BellError.Code("plan.contradiction", exit: .usage)
}

/// A plan as a person writes it: YAML with every key checked; docs/plans.md lists the keys.
public struct PlanFile: Sendable {
    /// The plan's name.
    public var name: String
    /// The sequence file, relative to the plan file.
    public var sequence: String

    private var trials: UInt64
    private var trialsPerArm: UInt32
    private var trialsPerBlock: UInt64
    private var pattern: CHSHPattern
    private var inputBits: InputBitSource
    private var hostBits: PerNode<String>?
    private var settingBias: Double
    private var localityK: Double
    private var headline: Plan.Claim
    private var claims: [Plan.Claim]
    private var pool: Plan.Pool
    private var onRestart: Plan.RestartPolicy
    private var maintenance: MaintenancePlan?
    private var security: Plan.Security?
    private var stop: Plan.Stop?

    /// Parses a plan.
    ///
    /// - Parameters:
    ///   - text: The file's text.
    ///   - source: Its path, for errors.
    /// - Throws: All failures found, each with `path:line:column key = value`, the allowed range and the nearest key.
    public init(text: String, source: String) throws(BellError) {
        try self.init(yaml: try YAMLNode.parse(text, source: source))
    }

    /// Reads a parsed plan.
    public init(yaml: YAMLNode) throws(BellError) {
        var reader = YAMLReader(yaml)
        name = reader.string("plan")
        if name.utf8.count > Plan.mostNameBytes {
            reader.fail(
                "plan", "The plan's name has \(name.utf8.count) bytes.",
                fix: "at most \(Plan.mostNameBytes) bytes: it stands in every later certificate")
        }
        sequence = reader.string("sequence")
        trials = reader.count("trials", in: 1...1_000_000_000_000)
        trialsPerArm = UInt32(clamping: reader.optionalInt("trials_per_arm", in: 1...1_048_576) ?? 1024)
        trialsPerBlock = reader.optionalCount("trials_per_block", in: 1...1_000_000_000_000) ?? 65536
        settingBias = reader.double("setting_bias", in: 0..<0.5)
        localityK = reader.optionalDouble("locality_k", in: 0.1...100) ?? 5
        pool =
            Plan.Pool(rawValue: reader.optionalChoice("pool", of: Plan.Pool.allCases.map(\.rawValue)) ?? "") ?? .private
        onRestart =
            Plan.RestartPolicy(
                rawValue: reader.optionalChoice("on_restart", of: Plan.RestartPolicy.allCases.map(\.rawValue)) ?? "")
            ?? .resume
        var chsh = reader.mapping("chsh")
        pattern =
            CHSHPattern(rawValue: chsh.choice("minus_on", of: CHSHPattern.allCases.map(\.rawValue))) ?? .minusOn11
        inputBits = .board
        if var bits = reader.optionalMapping("input_bits"), bits.choice("source", of: ["board", "host"]) == "host" {
            inputBits = .host
            hostBits = PlanFile.hostBits(&bits)
        }
        headline = PlanFile.claim(reader.mapping("headline"), trials: trials)
        claims = reader.optionalMappings("claims").map { [trials] in PlanFile.claim($0, trials: trials) }
        maintenance = MaintenancePlan.read(&reader)
        security = reader.optionalMapping("security").map { PlanFile.security($0, headline: headline) }
        stop = reader.optionalMapping("stop").map { PlanFile.stop($0, headline: headline, claims: claims) }
        try reader.finish()
    }

    private static func hostBits(_ bits: inout YAMLReader) -> PerNode<String> {
        let sources = PerNode { node in bits.string(node.name) }
        let kinds = ["file", "device", "serial", "zmq"]
        for node in Node.allCases {
            let parts = sources[node].split(separator: ":", maxSplits: 1)
            if sources[node].isEmpty || parts.count == 2 && kinds.contains(String(parts[0])) { continue }
            bits.fail(
                node.name, "A source of input bits cannot be \"\(sources[node].prefix(80))\".",
                fix: "write file:PATH, device:PATH, serial:PATH[@BAUD] or zmq:ENDPOINT")
        }
        // An option behind the path makes it no other file.
        let paths = sources.map { source in source.firstRange(of: "?h=").map { source[..<$0.lowerBound] } ?? source[...]
        }
        if paths.alice.hasPrefix("file:"), paths.alice == paths.bob {
            bits.fail(
                "bob", "Both nodes would get the same bits: bit i of a file belongs to trial i.",
                fix: "give each node a file of its own")
        }
        return sources
    }

    /// The plan that will be sealed, given the hash of the sequence file.
    public func plan(sequenceHash: Digest) -> Plan {
        Plan(
            name: name, trials: trials, trialsPerArm: trialsPerArm, trialsPerBlock: trialsPerBlock, pattern: pattern,
            inputBits: inputBits, hostBits: hostBits, settingBias: settingBias, localityK: localityK,
            headline: headline, claims: claims, pool: pool, onRestart: onRestart, sequence: sequence,
            sequenceHash: sequenceHash, maintenance: maintenance, security: security, stop: stop)
    }
}
