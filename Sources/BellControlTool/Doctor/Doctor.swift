import BellModel

/// Judges what was found on a machine and names the command that mends it. Pure.
enum Doctor {
    /// One judgement.
    struct Check: Equatable {
        enum Verdict: String { case ok, note, missing }

        var name: String
        var verdict: Verdict
        var detail: String
        /// The command or step that mends it.
        var fix: String?

        var json: JSON {
            [
                "name": .string(name), "verdict": .string(verdict.rawValue), "detail": .string(detail),
                "fix": JSON(fix),
            ]
        }
    }

    /// A library of Debian 12 that belld needs.
    struct Package: Sendable {
        var name: String
        /// One of these files proves that it is installed.
        var files: [String]
        /// Needed to build, not to run.
        var isForBuilding: Bool
    }

    static let packages: [Package] = {
        let libraries = "/usr/lib/x86_64-linux-gnu"
        let arm = "/usr/lib/aarch64-linux-gnu"
        func both(_ file: String) -> [String] { ["\(libraries)/\(file)", "\(arm)/\(file)", "/usr/lib/\(file)"] }
        return [
            Package(name: "libzmq5", files: both("libzmq.so.5"), isForBuilding: false),
            Package(name: "libsqlite3-0", files: both("libsqlite3.so.0"), isForBuilding: false),
            Package(name: "libsodium23", files: both("libsodium.so.23"), isForBuilding: false),
            Package(name: "libyaml-0-2", files: both("libyaml-0.so.2"), isForBuilding: false),
            Package(name: "libzstd1", files: both("libzstd.so.1"), isForBuilding: false),
            Package(name: "libzmq3-dev", files: ["/usr/include/zmq.h"], isForBuilding: true),
            Package(name: "libsqlite3-dev", files: ["/usr/include/sqlite3.h"], isForBuilding: true),
            Package(name: "libsodium-dev", files: ["/usr/include/sodium.h"], isForBuilding: true),
            Package(name: "libyaml-dev", files: ["/usr/include/yaml.h"], isForBuilding: true),
            Package(name: "libzstd-dev", files: ["/usr/include/zstd.h"], isForBuilding: true),
        ]
    }()

    /// Bytes a trial as measured over 2^20 trials: 10.6 in the journal (both halves, compressed) and 1.4 in the
    /// certifier's own copy of the outcomes.
    static let bytesPerTrial: UInt64 = 12
    /// 107 characters and a zero byte fill `sun_path` (unix(7)).
    static let longestPath = 107
    /// 2026-01-01: before that, the clock was never set.
    static let earliestTime: Int64 = 1_767_225_600

    /// Disk that a campaign of `trials` needs; saturates.
    static func forecast(trials: UInt64) -> UInt64 {
        let (bytes, overflow) = trials.multipliedReportingOverflow(by: bytesPerTrial)
        return overflow ? .max : bytes
    }

    /// All judgements, in the order in which they are printed.
    ///
    /// - Parameter trials: Size of the campaign for which the disk is judged.
    static func checks(_ facts: MachineFacts, trials: UInt64) -> [Check] {
        packageChecks(facts) + [python(facts)] + programs(facts) + state(facts)
            + [disk(facts, trials: trials)] + sockets(facts) + [clock(facts), cores(facts)]
    }

    private static func packageChecks(_ facts: MachineFacts) -> [Check] {
        let sudo = facts.isRoot ? "" : "sudo "
        return [false, true].map { building in
            let wanted = packages.filter { $0.isForBuilding == building }.map(\.name)
            let absent = wanted.filter { !facts.packages.contains($0) }
            let name = building ? "headers (to build)" : "libraries"
            if absent.isEmpty { return Check(name: name, verdict: .ok, detail: wanted.joined(separator: " ")) }
            return Check(
                name: name, verdict: building ? .note : .missing,
                detail: "missing: \(absent.joined(separator: " "))",
                fix: "\(sudo)apt-get install -y \(absent.joined(separator: " "))")
        }
    }

    private static func python(_ facts: MachineFacts) -> Check {
        let sudo = facts.isRoot ? "" : "sudo "
        switch facts.pythonZeroMQ {
        case true: return Check(name: "python3-zmq (tests)", verdict: .ok, detail: "imports")
        case false:
            return Check(
                name: "python3-zmq (tests)", verdict: .note, detail: "python3 cannot import zmq; needed only by tests",
                fix: "\(sudo)apt-get install -y python3-zmq")
        default:
            return Check(
                name: "python3-zmq (tests)", verdict: .note, detail: "no python3; needed only by tests",
                fix: "\(sudo)apt-get install -y python3 python3-zmq")
        }
    }

    private static func programs(_ facts: MachineFacts) -> [Check] {
        let wanted = ["belld", "bellcert", "mocklab"]
        let absent = wanted.filter { facts.programs[$0] == nil }
        if absent.isEmpty {
            let paths = wanted.compactMap { facts.programs[$0] }
            return [Check(name: "programs", verdict: .ok, detail: paths.joined(separator: " "))]
        }
        return [
            Check(
                name: "programs", verdict: .missing, detail: "missing: \(absent.joined(separator: " "))",
                fix: "`make build`, and keep all programs in one directory")
        ]
    }

    private static func state(_ facts: MachineFacts) -> [Check] {
        guard let mode = facts.stateMode else {
            return [
                Check(
                    name: "state directory", verdict: facts.stateWritable ? .ok : .missing,
                    detail: "\(facts.stateDirectory) does not exist yet",
                    fix: facts.stateWritable ? nil : "choose another with --state DIR: its parent is not writable")
            ]
        }
        if !facts.stateWritable {
            return [
                Check(
                    name: "state directory", verdict: .missing, detail: "\(facts.stateDirectory) is not writable",
                    fix: "`chown` it to yourself, or choose another with --state DIR")
            ]
        }
        if mode & 0o077 != 0 {
            return [
                Check(
                    name: "state directory", verdict: .missing,
                    detail: "\(facts.stateDirectory) may be read by others (mode \(String(mode & 0o777, radix: 8)))",
                    fix: "chmod 700 \(facts.stateDirectory)")
            ]
        }
        return [Check(name: "state directory", verdict: .ok, detail: facts.stateDirectory)]
    }

    private static func disk(_ facts: MachineFacts, trials: UInt64) -> Check {
        let need = forecast(trials: trials)
        let forecast =
            "\(NumberText.count(trials)) trials need about \(NumberText.bytes(need)) "
            + "(\(bytesPerTrial) bytes a trial), free \(NumberText.bytes(facts.freeBytes))"
        guard let free = facts.freeBytes else {
            return Check(name: "disk", verdict: .note, detail: forecast, fix: "check the disk of --state DIR")
        }
        // A tenth is left for the write-ahead log and for everybody else.
        if free / 10 * 9 >= need { return Check(name: "disk", verdict: .ok, detail: forecast) }
        return Check(
            name: "disk", verdict: .missing, detail: forecast,
            fix: "free some space, plan fewer trials, or choose another disk with --state DIR")
    }

    private static func sockets(_ facts: MachineFacts) -> [Check] {
        let length = facts.longestSocketPath.utf8.count
        var checks = [
            length <= longestPath
                ? Check(
                    name: "socket paths", verdict: .ok,
                    detail: "\(facts.longestSocketPath) (\(length) of at most \(longestPath) bytes)")
                : Check(
                    name: "socket paths", verdict: .missing,
                    detail: "\(facts.longestSocketPath) has \(length) bytes, a socket's path at most \(longestPath)",
                    fix: "export XDG_RUNTIME_DIR=/run/user/$(id -u)")
        ]
        if let directory = facts.runtimeDirectory {
            checks.append(
                facts.runtimeDirectoryUsable
                    ? Check(name: "XDG_RUNTIME_DIR", verdict: .ok, detail: directory)
                    : Check(
                        name: "XDG_RUNTIME_DIR", verdict: .missing,
                        detail: "\(directory) is not a directory of ours with mode 700",
                        fix: "unset XDG_RUNTIME_DIR (then /tmp is used), or log in properly"))
        } else {
            checks.append(Check(name: "XDG_RUNTIME_DIR", verdict: .ok, detail: "not set: sockets are below /tmp"))
        }
        return checks
    }

    private static func clock(_ facts: MachineFacts) -> Check {
        if facts.wallClock < earliestTime {
            return Check(
                name: "wall clock", verdict: .missing, detail: "shows a time before 2026",
                fix: "timedatectl set-ntp true")
        }
        if facts.clockSynchronised == false {
            return Check(
                name: "wall clock", verdict: .note,
                detail: "is not synchronised; it only dates plans and logs, time tags come from the boards",
                fix: "timedatectl set-ntp true")
        }
        return Check(name: "wall clock", verdict: .ok, detail: "plausible")
    }

    private static func cores(_ facts: MachineFacts) -> Check {
        facts.cores >= 2
            ? Check(name: "processors", verdict: .ok, detail: "\(facts.cores)")
            : Check(
                name: "processors", verdict: .note, detail: "\(facts.cores); belld and bellcert share it",
                fix: "two or more keep up with 500 000 trials/s")
    }
}
