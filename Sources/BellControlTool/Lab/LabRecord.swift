import BellModel

/// What a supervisor says of itself in `lab.json`, so that `lab down` and a detached `lab up` find it.
struct LabRecord: Equatable, Sendable {
    enum Phase: String, Sendable { case starting, up, stopping }

    /// The supervisor's process id.
    var pid: Int32
    var phase: Phase
    /// The running programs' process ids.
    var programs: [LabProcess.Role: Int32] = [:]

    /// The file's name in the state directory.
    static let fileName = "lab.json"
    /// The lock's name in the state directory; held for as long as the supervisor lives.
    static let lockName = "lab.lock"

    var json: JSON {
        var members: [String: JSON] = [:]
        for (role, pid) in programs { members[role.rawValue] = .int(Int64(pid)) }
        return ["pid": .int(Int64(pid)), "phase": .string(phase.rawValue), "programs": .object(members)]
    }

    init(pid: Int32, phase: Phase, programs: [LabProcess.Role: Int32] = [:]) {
        self.pid = pid
        self.phase = phase
        self.programs = programs
    }

    /// Reads the file; nil when it is not one of ours.
    init?(json: JSON) {
        guard let pid = LabRecord.pid(json["pid"]),
            let phase = json["phase"]?.stringValue.flatMap(Phase.init(rawValue:))
        else { return nil }
        var programs: [LabProcess.Role: Int32] = [:]
        for (name, id) in json["programs"]?.objectValue ?? [:] { programs[.init(rawValue: name)] = LabRecord.pid(id) }
        self.init(pid: pid, phase: phase, programs: programs)
    }

    /// Process ids below 2 are never ours, and a signal to them would reach others.
    private static func pid(_ json: JSON?) -> Int32? {
        json?.intValue.flatMap { Int32(exactly: $0) }.flatMap { $0 > 1 ? $0 : nil }
    }
}
