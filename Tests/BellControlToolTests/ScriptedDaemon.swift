import BellControl
import BellHost
import BellModel
import BellZeroMQ
import Foundation
import Synchronization

/// A daemon of prepared answers, at the endpoints where bellctl looks for the one of its state directory.
final class ScriptedDaemon: Sendable {
    let state: String
    let run: RunDirectory
    let telemetry: TelemetryPublisher
    private let reactor: Reactor
    private let server: ControlServer
    private let calls: Calls

    /// What was asked.
    private final class Calls: Sendable {
        let list = Mutex<[(method: String, params: JSON)]>([])
    }

    /// - Parameter answers: Results by method; another method is unknown, as in an older daemon.
    init(status: JSON, answers: [String: JSON] = [:]) throws {
        state = "\(NSTemporaryDirectory())belld-daemon-\(UInt64.random(in: .min ... .max))"
        run = try RunDirectory(for: try StateDirectory(path: state))
        reactor = try Reactor(context: try ZeroMQContext(), name: "scripted")
        let telemetry = try TelemetryPublisher(
            reactor: reactor, endpoint: run.endpoint("telemetry"), initial: status)
        let calls = Calls()
        self.telemetry = telemetry
        self.calls = calls
        server = try ControlServer(
            reactor: reactor, endpoint: run.endpoint("control"),
            fast: { (method, params) throws(BellError) in
                calls.list.withLock { $0.append((method, params)) }
                if method == "telemetry.snapshot" || method == "status" { return telemetry.snapshot }
                guard let answer = answers[method] else { throw .unknownMethod(method, known: answers.keys) }
                return answer
            }, slow: { (method, _) throws(BellError) in throw .unknownMethod(method, known: []) })
    }

    deinit {
        reactor.shutdown()
        try? FileManager.default.removeItem(atPath: state)
        try? FileManager.default.removeItem(atPath: run.path)
    }

    /// The parameters of the last call of a method.
    func params(_ method: String) -> JSON? {
        calls.list.withLock { $0.last { $0.method == method }?.params }
    }
}
