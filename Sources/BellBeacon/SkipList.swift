public import BellModel

/// The short way from a pulse back to an earlier one: each refers to the next by its output value. Pure.
public enum SkipList {
    /// Pulses on a way: at most one year's first after another, then months, days, hours and single pulses.
    public static let mostPulses = 5000

    /// The pulse to go to from `pulse`: the earliest of its links that is not before `anchor`; nil when there is none.
    ///
    /// - Parameters:
    ///   - anchor: The number of the pulse that is looked for, smaller than that of `pulse`.
    ///   - index: Reads the number of a pulse of this chain from its address.
    public static func step(from pulse: Pulse, to anchor: UInt64) -> UInt64? {
        pulse.listValues.compactMap { $0.uri.flatMap { index(in: $0, chain: pulse.chainIndex) } }
            .filter { $0 >= anchor && $0 < pulse.pulseIndex }.min()
    }

    /// The number at the end of a pulse's address, or nil for another chain's.
    public static func index(in uri: String, chain: UInt64) -> UInt64? {
        guard let slash = uri.lastIndex(of: "/"), let number = UInt64(uri[uri.index(after: slash)...]), number > 0,
            uri.hasSuffix(Pulse.path(chain: chain, pulse: number))
        else { return nil }
        return number
    }

    /// Checks a way, newest pulse first: each pulse in itself, and that each refers to the next one.
    ///
    /// It proves that the newest pulse's signer stood by the oldest when it signed. It does not prove that the chain between
    /// them is whole: for that all of it is checked.
    public static func findings(_ way: [Pulse], _ certificates: [BeaconCertificate]) -> [BellError] {
        let single = PulseCheck(certificates)
        var findings = way.flatMap { single.findings($0) }
        for (newer, older) in zip(way, way.dropFirst()) {
            let isLinked = newer.listValues.contains { $0.value == older.outputValue && $0.uri == older.uri }
            if !isLinked || older.chainIndex != newer.chainIndex || older.timeStamp >= newer.timeStamp {
                findings.append(newer.mismatch("listValues", "It does not refer to pulse \(older.pulseIndex)."))
            }
        }
        return findings
    }
}
