import BellCrypto
public import BellHost
public import BellModel
import BellStream
import BellZeroMQ
import Synchronization

/// The program bellcert: takes the lock, connects to belld's outcome socket, and works until SIGINT or SIGTERM.
public enum CertifierProgram {
    /// Runs to the end.
    ///
    /// Prints `bellcert ready` on standard output once its socket connects; belld need not be there. A first signal
    /// ends after the batch in hand is durable; what was not acknowledged is sent again later.
    /// - Parameters:
    ///   - statePath: The state directory, made when missing.
    ///   - logLevel: Log lines go to standard error.
    /// - Throws: `host.already-running`; `key.file` for a signing key that cannot be used; what the state directory, the run
    ///   folder or the socket cannot do.
    public static func run(statePath: String, logLevel: LogLevel) throws(BellError) {
        keepFilesPrivate()
        let log = Logger(level: logLevel)
        let state = try StateDirectory(path: statePath)
        // The lock comes before everything else: two certifiers must never share a database.
        let lock = try InstanceLock(state.file("bellcert.lock"))
        defer { withExtendedLifetime(lock) {} }
        let isStopping = Stop()
        let signals = try SignalWatcher { _ in isStopping.flag.store(true, ordering: .relaxed) }
        defer { withExtendedLifetime(signals) {} }

        let key = try CertifierKey.open(in: state)
        let certifier = Certifier(state: state, log: log, key: key)
        certifier.issueMissing()
        let endpoint = try RunDirectory(for: state).endpoint("outcomes")
        let client = try OutcomeClient(context: try ZeroMQContext(), endpoint: endpoint, sink: certifier) { event in
            report(event, to: log)
        }
        write("bellcert ready\n")
        log.info(
            "started",
            ["version": Version.belld, "state": state.path, "endpoint": endpoint, "key": key.publicKey.hex])
        client.run { !isStopping.flag.load(ordering: .relaxed) }
        let counts = client.counts
        log.info(
            "stopped", ["malformed": counts.malformed, "gaps": counts.gaps, "repeated_arms": counts.repeats])
    }

    private final class Stop: Sendable {
        let flag = Atomic<Bool>(false)
    }

    private static func report(_ event: OutcomeClient.Event, to log: Logger) {
        switch event {
        case .connected: log.info("connected to belld")
        case .disconnected: log.warn("belld is silent; waiting for it")
        case .began(let campaign, let next): log.info("campaign", ["campaign": campaign, "next_index": next])
        case .finished(let campaign): log.info("campaign finished", ["campaign": campaign])
        case .contradiction(_, let error): log.error("campaign refused", error)
        case .remote(_, let error): log.error("belld reported a failure", error)
        case .failed(let error, let retry):
            log.error("cannot store outcomes", error)
            log.info("trying again", ["after_ms": retry])
        }
    }
}
