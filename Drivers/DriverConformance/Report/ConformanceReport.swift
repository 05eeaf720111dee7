public import BellModel

/// What a conformance kit found at one device.
public struct ConformanceReport: Equatable, Sendable {
    /// The device's name and address, as the caller calls it.
    public var device: String
    /// Model, serial and firmware as the device tells them; empty when it told nothing.
    public var identity: String
    /// The device says that it is simulated.
    public var isSimulated: Bool
    /// In the order in which they were made.
    public var checks: [ConformanceCheck]
    /// The run was cancelled; the checks that are missing were not made, and the device was left safe.
    public var wasInterrupted: Bool

    public init(
        device: String, identity: String = "", isSimulated: Bool = false, checks: [ConformanceCheck] = [],
        wasInterrupted: Bool = false
    ) {
        self.device = device
        self.identity = identity
        self.isSimulated = isSimulated
        self.checks = checks
        self.wasInterrupted = wasInterrupted
    }

    /// The checks that failed.
    public var failures: [ConformanceCheck] { checks.filter(\.hasFailed) }

    /// No rule was seen broken, and the run came to its end. Skipped checks do not count: read them.
    public var hasPassed: Bool { failures.isEmpty && !wasInterrupted }

    /// 0 all passed, 3 any failed, 130 interrupted.
    public var exitCode: ExitCode {
        if !failures.isEmpty { return .hardware }
        return wasInterrupted ? .interrupted : .ok
    }

    /// How many checks ended so: `passed`, `failed`, `skipped`, `note`.
    public func count(_ verdict: String) -> Int { checks.count { $0.verdict.name == verdict } }

    /// The check of that id, if it was made.
    public subscript(id: String) -> ConformanceCheck? { checks.first { $0.id == id } }
}

extension ConformanceReport {
    /// `{"device", "identity", "simulated", "interrupted", "passed", "counts", "checks"}`.
    public var json: JSON {
        var counts: [String: JSON] = [:]
        for word in ["passed", "failed", "skipped", "note"] { counts[word] = .int(Int64(count(word))) }
        return [
            "device": .string(device), "identity": .string(identity), "simulated": .bool(isSimulated),
            "interrupted": .bool(wasInterrupted), "passed": .bool(hasPassed), "counts": .object(counts),
            "checks": .array(checks.map(\.json)),
        ]
    }
}
