import Synchronization

/// An object that is given to another thread's closure and let go of before that closure itself is.
///
/// A closure keeps what it captured until it is destroyed, which is after its last line. A libusb device must be given
/// back (`libusb_unref_device`) before the context is released: the event thread may end the context right then.
final class HandedOver<Value: AnyObject & Sendable>: Sendable {
    private let value: Mutex<Value?>

    init(_ value: Value) { self.value = Mutex(value) }

    /// Gives the object away, once; nil afterwards.
    private func take() -> Value? {
        value.withLock { value in
            defer { value = nil }
            return value
        }
    }

    /// Uses the object; when this returns, nothing here holds it any more.
    @inline(never)
    func consume(_ body: (Value) -> Void) {
        guard let value = take() else { return }
        body(value)
    }
}
