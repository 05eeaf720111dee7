import BellHost
import BellModel
import BellSequence
import BellZeroMQ
import Board
import Devices
import DriverKit
import Synchronization

/// Devices that bellctl reaches by itself, without a daemon.
///
/// bellctl's commands run on the main thread; what a driver does runs in tasks, and the command waits for them.
final class DirectAccess {
    let devices: DeviceAccess
    private let reactor: Reactor

    init(_ invocation: Invocation, lab: String) throws(BellError) {
        let directory = try StateDirectory(
            path: StateDirectory.choosePath(option: invocation.text("state")), create: false)
        let context = try ZeroMQContext()
        reactor = try Reactor(context: context, name: "bellctl")
        devices = DeviceAccess(
            reactor: reactor, runDirectory: try RunDirectory(for: directory, create: false).path,
            mock: InProcessLaboratory(profile: "\(parent(of: lab))/profile.yaml"),
            switchCounts: directory.file("switches"))
    }

    /// Who stands at a board's address; the other node's board is found out, too.
    func capabilities(of device: Laboratory.Device) throws(BellError) -> Capabilities {
        let node = device.node ?? .alice
        do throws(BellError) {
            return try capabilities(of: device, as: node)
        } catch  where error.code == .boardWrongNode {
            return try capabilities(of: device, as: node.other)
        }
    }

    private func capabilities(of device: Laboratory.Device, as node: Node) throws(BellError) -> Capabilities {
        let driver = BoardDriver(name: device.name, node: node, open: try devices.opener(of: device.address))
        return try DirectAccess.wait { () async throws(BellError) in
            do throws(BellError) {
                let found = try await driver.connect()
                await driver.close()
                return found
            } catch {
                await driver.close()
                throw error
            }
        }
    }

    /// Who stands at an instrument's address, and what can be set there.
    func identify(_ device: Laboratory.Device) throws(BellError) -> (InstrumentIdentity, [InstrumentSetting]) {
        let instrument = try devices.instrument(name: device.name, driver: device.driver, address: device.address)
        return try DirectAccess.wait { () async throws(BellError) in
            do throws(BellError) {
                let identity = try await instrument.connect()
                let settings = await instrument.settings()
                await instrument.close()
                return (identity, settings)
            } catch {
                await instrument.close()
                throw error
            }
        }
    }

    func close() {
        devices.close()
        reactor.shutdown()
    }

    /// Runs a task and waits for it on this thread.
    static func wait<Value: Sendable>(
        _ body: @escaping @Sendable () async throws(BellError) -> Value
    ) throws(BellError) -> Value {
        try start(body).wait()
    }

    /// Runs a task that this thread will wait for.
    static func start<Value: Sendable>(
        _ body: @escaping @Sendable () async throws(BellError) -> Value
    ) -> Pending<Value> {
        let pending = Pending<Value>()
        pending.task = Task {
            do throws(BellError) { pending.finish(.success(try await body())) } catch {
                pending.finish(.failure(error))
            }
        }
        return pending
    }

    /// What a task will have made.
    final class Pending<Value: Sendable>: Sendable {
        private let result = Mutex<Result<Value, BellError>?>(nil)
        private let handle = Mutex<Task<Void, Never>?>(nil)

        fileprivate var task: Task<Void, Never>? {
            get { handle.withLock { $0 } }
            set { handle.withLock { $0 = newValue } }
        }

        fileprivate func finish(_ value: Result<Value, BellError>) { result.withLock { $0 = value } }

        /// The result, once there is one.
        var finished: Result<Value, BellError>? { result.withLock { $0 } }

        func cancel() { task?.cancel() }

        /// Looks every few milliseconds: commands take much longer than that.
        func wait() throws(BellError) -> Value {
            while true {
                if let result = finished { return try result.get() }
                pause(milliseconds: 5)
            }
        }
    }
}
