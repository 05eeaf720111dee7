/// One program that `lab up` starts.
struct LabProcess: Equatable, Sendable {
    /// Which program; also its log's name.
    struct Role: RawRepresentable, Hashable, Sendable {
        let rawValue: String

        static let mocklab = Role(rawValue: "mocklab")
        static let bellcert = Role(rawValue: "bellcert")
        static let belld = Role(rawValue: "belld")
        /// Our own programs.
        static let allCases = [mocklab, bellcert, belld]

        /// The program that serves a device.
        static func driver(_ device: String) -> Role { Role(rawValue: "driver-\(device)") }
    }

    var role: Role
    var arguments: [String]

    /// The log file's name below the state directory.
    var log: String { "logs/\(role.rawValue).log" }
}

extension LabProcess {
    /// What a person asked `lab up` for.
    struct Options: Equatable, Sendable {
        /// Absolute path of the state directory.
        var state: String
        /// Absolute path of lab.yaml.
        var lab: String
        /// Absolute path of the virtual laboratory's profile; nil without mocklab.
        var profile: String?
        var seed: String?
        var pace: String?
        var faults: [String] = []
        /// `key=value` changes of the profile.
        var changes: [String] = []
    }

    /// The programs in the order in which they are started: what is reached comes before what reaches for it.
    static func all(_ options: Options) -> [LabProcess] {
        var processes: [LabProcess] = []
        if let profile = options.profile {
            var arguments = ["--state", options.state, "--profile", profile]
            if let seed = options.seed { arguments += ["--seed", seed] }
            if let pace = options.pace { arguments += ["--pace", pace] }
            for fault in options.faults { arguments += ["--fault", fault] }
            for change in options.changes { arguments += ["--profile-set", change] }
            processes.append(LabProcess(role: .mocklab, arguments: arguments))
        }
        processes.append(LabProcess(role: .bellcert, arguments: ["--state", options.state]))
        processes.append(LabProcess(role: .belld, arguments: ["--state", options.state, "--lab", options.lab]))
        return processes
    }
}
