import BellCommandLine
import BellHost
import BellModel
import MockLab

/// The command line of `mocklab`.
enum MockLabCommand {
    static let spec = CommandSpec(
        name: "mocklab", summary: "Simulates the laboratory: two qubits, a link, and a board at each end.",
        discussion: """
            Shows the boards at ZeroMQ endpoints, where they are reached as hardware is, and plays what is loaded into \
            them. Everything that it reports is marked simulated. Ends with Ctrl-C or SIGTERM; the boards' memory is \
            lost then, as at a power cut.
            """,
        options: [
            OptionSpec(
                name: "profile", summary: "The laboratory's truth, a YAML file.", placeholder: "FILE",
                default: "Calibration/mocklab/profile.yaml"),
            OptionSpec(
                name: "profile-set", summary: "Change one value, for example link.efficiency=0 or alice.t2_us=5.",
                placeholder: "KEY=VALUE", repeats: true),
            OptionSpec(
                name: "state",
                summary: "State directory whose run directory holds the sockets (else $BELLD_STATE, .belld).",
                placeholder: "DIR"),
            OptionSpec(name: "run", summary: "Folder for the sockets alice and bob instead.", placeholder: "DIR"),
            OptionSpec(
                name: "listen-alice",
                summary: "Endpoint of alice's board instead, for example zmq+tcp://127.0.0.1:5701.",
                placeholder: "ENDPOINT"),
            OptionSpec(name: "listen-bob", summary: "The same for bob's board.", placeholder: "ENDPOINT"),
            OptionSpec(
                name: "usbip",
                summary: """
                    Show the boards and the profile's instruments as USB devices, too, at this address or socket path; \
                    docs/virtual-usb.md tells how a computer attaches them.
                    """,
                placeholder: "127.0.0.1:3240|PATH", repeats: true),
            OptionSpec(name: "seed", summary: "Makes the run repeatable; drawn when not given.", placeholder: "N"),
            OptionSpec(
                name: "pace", summary: "Trials a second in wall time, or max.", placeholder: "max|N", default: "max"),
            OptionSpec(
                name: "time-factor",
                summary: "Seconds of drift in a second of laboratory time; else the profile's time_factor.",
                placeholder: "N"),
            OptionSpec(
                name: "fault",
                summary: """
                    Something to go wrong: kind[:node][:value]@trial, for example reboot:bob@5000; docs/mocklab.md tells \
                    of each kind.
                    """,
                placeholder: "FAULT", repeats: true),
        ])

    /// Runs the program; returns its exit status.
    static func run(_ arguments: [String]) async -> ExitCode {
        do throws(BellError) {
            let command = try spec.parse(arguments)
            switch command.request {
            case .help(let text): write(text, to: .output)
            case .version: write("mocklab \(Version.belld)\n", to: .output)
            case .run: try await serve(command)
            }
            return .ok
        } catch {
            write("\(error)\n", to: .error)
            return error.code.exit
        }
    }

    private static func serve(_ command: ParsedCommand) async throws(BellError) {
        let pace = try pace(command)
        let seed = try seed(command)
        let path = command.value("profile") ?? ""
        let profile = try readText(path)
        let folder = try folder(command)
        // libzmq lets a second process take over a live socket, so the lock comes first.
        let lock = try folder.map { path throws(BellError) in try InstanceLock("\(path)/mocklab.lock") }
        let endpoints = PerNode { node in
            command.value("listen-\(node.name)") ?? "ipc://\(folder ?? ".")/\(node.name)"
        }
        let (signals, signalled) = AsyncStream.makeStream(of: Int.self)
        let watcher = try SignalWatcher { signalled.yield($0) }
        let factor = command.value("time-factor").map { ["time_factor=\($0)"] } ?? []
        var gauges: ((String) -> String)?
        if let folder { gauges = { "ipc://\(folder)/\($0)" } }
        let host = try MockLabHost(
            profile: profile, source: path, settings: command.values("profile-set") + factor,
            faults: command.values("fault"), seed: seed, pace: pace, endpoints: endpoints, gauges: gauges,
            usbip: command.values("usbip"))
        write(
            "mocklab ready: \(host.name), alice at \(host.endpoints.alice), bob at \(host.endpoints.bob), "
                + "seed \(seed), pace \(command.value("pace") ?? "max")\n", to: .output)
        for address in host.usbAddresses { write("  USB/IP at \(address)\n", to: .output) }
        for export in host.usbExports { write("  \(export.busID)  \(export.name)  \(export.address)\n", to: .output) }
        for await _ in signals { break }
        host.stop()
        withExtendedLifetime((lock, watcher)) {}
    }

    /// The folder of the sockets; nil when both boards listen elsewhere.
    private static func folder(_ command: ParsedCommand) throws(BellError) -> String? {
        if command.value("listen-alice") != nil && command.value("listen-bob") != nil { return nil }
        if let run = command.value("run") {
            try makeFolder(run)
            return run
        }
        let state = try StateDirectory(path: StateDirectory.choosePath(option: command.value("state")))
        return try RunDirectory(for: state).path
    }

    private static func pace(_ command: ParsedCommand) throws(BellError) -> Pace {
        let text = command.value("pace") ?? "max"
        if let pace = Pace(text) { return pace }
        throw BellError(
            .usage, "`\(text)` is no pace.", at: "--pace", fix: "write max, or trials a second from 0.001 to 1e9")
    }

    private static func seed(_ command: ParsedCommand) throws(BellError) -> UInt64 {
        guard let text = command.value("seed") else { return UInt64.random(in: 0...UInt64.max) }
        if let seed = UInt64(text) { return seed }
        throw BellError(.usage, "`\(text)` is no seed.", at: "--seed", fix: "write a whole number from 0 to 2^64 − 1")
    }
}
