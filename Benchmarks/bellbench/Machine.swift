import BellHost
import BellModel
import Glibc

/// What the numbers were measured on.
enum Machine {
    static var text: String {
        "\(processor), \(cores) cores, \(memoryGiB) GiB, Linux \(kernel); load \(load) at the end"
    }

    static var json: JSON {
        [
            "processor": .string(processor), "cores": .int(Int64(cores)), "memory_gib": .int(Int64(memoryGiB)),
            "kernel": .string(kernel), "load": .string(load),
        ]
    }

    private static var processor: String {
        let lines = ((try? readText("/proc/cpuinfo")) ?? "").split(separator: "\n")
        let name = lines.first { $0.hasPrefix("model name") }?.split(separator: ":").last ?? "unknown processor"
        return String(name.drop { $0 == " " })
    }

    static var cores: Int { sysconf(Int32(_SC_NPROCESSORS_ONLN)) }

    private static var memoryGiB: Int {
        sysconf(Int32(_SC_PHYS_PAGES)) * sysconf(Int32(_SC_PAGESIZE)) / (1 << 30)
    }

    private static var kernel: String { firstWord(of: "/proc/sys/kernel/osrelease") }
    static var load: String { firstWord(of: "/proc/loadavg") }

    private static func firstWord(of path: String) -> String {
        ((try? readText(path)) ?? "").split { $0 == " " || $0 == "\n" }.first.map(String.init) ?? "unknown"
    }
}
