import BellModel
import CShims
import DriverKit
import Glibc

/// Threads of this target: libusb's blocking calls must not hold up the few threads that Swift shares among tasks.
enum LibUSBThread {
    /// Starts a thread that receives no signals and must be joined or detached.
    ///
    /// - Throws: `usb.io` when the system has no thread left (`pthread_create`).
    static func start(named name: String, _ body: @escaping @Sendable () -> Void) throws(BellError) -> pthread_t {
        let box = Unmanaged.passRetained(Body(name: name, run: body))
        var thread = pthread_t()
        let result = pthread_create(
            &thread, nil,
            { box in
                guard let box else { return nil }
                let body = Unmanaged<Body>.fromOpaque(box).takeRetainedValue()
                bell_name_thread(body.name)
                bell_block_signals()
                body.run()
                return nil
            }, box.toOpaque())
        guard result == 0 else {
            box.release()
            throw BellError(
                .usbIO, "No thread can be started for USB.",
                cause: "pthread_create: \(String(cString: strerror(result)))",
                fix: "raise the limit of threads (`ulimit -u`, `TasksMax=` of the unit)")
        }
        return thread
    }

    private final class Body: Sendable {
        let name: String
        let run: @Sendable () -> Void

        init(name: String, run: @escaping @Sendable () -> Void) {
            self.name = name
            self.run = run
        }
    }
}
