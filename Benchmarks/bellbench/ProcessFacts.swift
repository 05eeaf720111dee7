import BellHost
import Glibc

/// What the system says of a running process; zeroes once it has ended.
struct ProcessFacts {
    /// Resident memory in MiB; `VmRSS` of proc(5).
    var residentMiB = 0.0
    /// The most it ever was; `VmHWM`.
    var peakMiB = 0.0
    /// User and system time so far, in seconds.
    var cpuSeconds = 0.0

    init(_ processID: Int32) {
        for line in ((try? readText("/proc/\(processID)/status")) ?? "").split(separator: "\n") {
            let words = line.split { $0 == " " || $0 == "\t" }
            guard words.count >= 2, let kibibytes = Double(words[1]) else { continue }
            if words[0] == "VmRSS:" { residentMiB = kibibytes / 1024 }
            if words[0] == "VmHWM:" { peakMiB = kibibytes / 1024 }
        }
        // Fields 14 and 15, counted behind the program's name, which may hold spaces.
        let stat = (try? readText("/proc/\(processID)/stat")) ?? ""
        let fields = stat.drop { $0 != ")" }.dropFirst().split(separator: " ")
        if fields.count > 12, let user = Double(fields[11]), let system = Double(fields[12]) {
            cpuSeconds = (user + system) / Double(sysconf(Int32(_SC_CLK_TCK)))
        }
    }
}

/// The size of a file in bytes; 0 when there is none.
func fileBytes(_ path: String) -> Int {
    var information = stat()
    return stat(path, &information) == 0 ? Int(information.st_size) : 0
}
