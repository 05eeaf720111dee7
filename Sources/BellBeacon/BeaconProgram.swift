import BellCrypto
public import BellHTTP
public import BellHost
public import BellModel
import Glibc
import Synchronization

/// The program bellbeacon: takes the lock, serves, and gives out a pulse at every full period until SIGINT or SIGTERM.
public enum BeaconProgram {
    /// What the command line says.
    public struct Options: Sendable {
        public var statePath: String
        public var listen: ListenAddress
        /// Seconds from one pulse to the next, 1 to 86 400.
        public var periodSeconds: UInt32
        /// The address as it stands in the pulses, without a slash at its end; nil: that of `listen`.
        public var base: String?
        public var logLevel: LogLevel

        /// Reads what people wrote.
        ///
        /// - Throws: `http.address`, `beacon.option`.
        public init(
            statePath: String, listen: String, period: String, uri: String?, logLevel: LogLevel
        ) throws(BellError) {
            self.statePath = statePath
            self.listen = try ListenAddress(listen)
            guard let seconds = UInt32(period), (1...86_400).contains(seconds) else {
                throw BellError(
                    .beaconOption, "The period is not 1 to 86400 seconds: \(period.prefix(40)).", at: "--period",
                    fix: "give whole seconds, for example 60")
            }
            periodSeconds = seconds
            if let uri {
                let isAddress = uri.hasPrefix("https://") || uri.hasPrefix("http://")
                guard isAddress, uri.utf8.count <= 200, uri.utf8.allSatisfy({ (0x21...0x7e).contains($0) }) else {
                    throw BellError(
                        .beaconOption, "That is no address: \(uri.prefix(80)).", at: "--uri",
                        fix: "give the beacon's public address, for example https://beacon.example.org")
                }
                base = uri.hasSuffix("/") ? String(uri.dropLast()) : uri
            } else {
                base = nil
            }
            self.logLevel = logLevel
        }
    }

    /// Runs to the end.
    ///
    /// Prints `bellbeacon ready URL` on standard output once it answers; there need not be a pulse, or bits for one.
    /// - Throws: `host.already-running`; `key.file`; `http.listen`; `beacon.corrupt`; what the state directory cannot do.
    public static func run(_ options: Options) throws(BellError) {
        keepFilesPrivate()
        let log = Logger(level: options.logLevel)
        let state = try StateDirectory(path: options.statePath)
        // The lock comes before everything else: two of them would fork the chain.
        let lock = try InstanceLock(state.file("bellbeacon.lock"))
        defer { withExtendedLifetime(lock) {} }
        let stop = Stop()
        let signals = try SignalWatcher { _ in stop.flag.store(true, ordering: .relaxed) }
        defer { withExtendedLifetime(signals) {} }

        let key = try openKey(state)
        let store = try SharedStore(path: state.file("beacon.sqlite"))
        let word = BeaconState()
        let routes = BeaconRoutes(store: store, state: word) { wallClock() }
        let server = try HTTPServer(at: options.listen) { routes.answer($0) }
        defer { withExtendedLifetime(server) {} }
        let base = options.base ?? "http://\(server.address)"
        let maker = try PulseMaker(store: store, key: key, period: options.periodSeconds * 1000, base: base)
        write("bellbeacon ready http://\(server.address)/\n")
        log.info(
            "started",
            [
                "version": Version.belld, "state": state.path, "address": server.address, "chain": maker.chainNumber,
                "certificate": maker.certificate.id.bytes.hex,
            ])
        var loop = BeaconLoop(
            maker: maker, supply: PoolSupply(state: state, log: log), word: word, log: log,
            schedule: PulseSchedule(
                periodMilliseconds: Int64(options.periodSeconds) * 1000, now: wallClock(),
                last: try store { (store) throws(BellError) in try store.pulse(.last)?.timeStamp }))
        while !stop.flag.load(ordering: .relaxed) {
            usleep(useconds_t(loop.turn(now: wallClock()) * 1000))
        }
        log.info("stopped")
    }

    private final class Stop: Sendable {
        let flag = Atomic<Bool>(false)
    }

    private static func openKey(_ state: StateDirectory) throws(BellError) -> SigningKey {
        let file = state.key("beacon")
        guard let key = SigningKey(seed: try file.open { SigningKey.generate().seed }) else {
            throw BellError(.keyFile, "The file holds no key.", at: file.path)
        }
        return key
    }

    static func wallClock() -> UTCTime { UTCTime(milliseconds: Int64(wallClockSeconds() * 1000)) }
}
