import BellModel
import DriverKit
import Synchronization

/// The interrupt endpoint: service requests, and the answers to READ_STATUS_BYTE.
extension USBTMCLink {
    /// `bNotify1` of a service request; an answer to READ_STATUS_BYTE has a tag from 2 on (USB488, tables 11 and 12).
    private static let serviceRequest: UInt8 = 0x81

    /// Starts to listen, if somebody wants it and nobody does yet.
    func listen() {
        state.withLock { state in
            guard state.isListening, state.listener == nil, let interface = state.interface,
                let endpoint = state.machine?.pipes.interruptIn
            else { return }
            state.listener = Task { [weak self] in
                while !Task.isCancelled {
                    do throws(BellError) {
                        let bytes = try await interface.read(
                            USBTMCLink.notificationSize(interface), from: endpoint, timeout: .seconds(3600))
                        guard let self else { return }
                        self.hear(bytes)
                    } catch {
                        // What else fails here, the next operation meets as well.
                        guard error.code == .usbTimeout else { return }
                    }
                }
            }
        }
    }

    /// Ends the listening until ``listen()``.
    func silence() {
        state.withLock { state in
            state.listener?.cancel()
            state.listener = nil
        }
    }

    private func hear(_ bytes: [UInt8]) {
        guard bytes.count >= 2 else { return }
        guard bytes[0] != USBTMCLink.serviceRequest else {
            requests.yield(SCPIStatusByte(rawValue: bytes[1]))
            return
        }
        let awaiting = state.withLock { state -> CheckedContinuation<USBTMCEvent, Never>? in
            defer { state.awaiting = nil }
            if state.awaiting == nil { state.heard = state.heard.suffix(7) + [bytes] }
            return state.awaiting
        }
        awaiting?.resume(returning: .bytes(bytes))
    }

    /// The next notification that is no service request.
    func notification(timeout: Duration) async -> USBTMCEvent {
        let (interface, endpoint, isListening) = state.withLock {
            ($0.interface, $0.machine?.pipes.interruptIn, $0.listener != nil)
        }
        guard let interface, let endpoint else { return .failed(.usbtmcLost) }
        guard !isListening else { return await heardNotification(timeout: timeout) }
        do throws(BellError) {
            for _ in 0..<8 {
                let bytes = try await interface.read(
                    USBTMCLink.notificationSize(interface), from: endpoint, timeout: timeout)
                guard bytes.count >= 2, bytes[0] == USBTMCLink.serviceRequest else { return .bytes(bytes) }
                requests.yield(SCPIStatusByte(rawValue: bytes[1]))
            }
            throw .usbtmc("service requests without end")
        } catch {
            return .failed(error)
        }
    }

    private func heardNotification(timeout: Duration) async -> USBTMCEvent {
        let alarm = Task { [weak self, clock] in
            try? await clock.sleep(for: timeout)
            guard !Task.isCancelled else { return }
            self?.giveUpAwaiting(timeout)
        }
        defer { alarm.cancel() }
        return await withCheckedContinuation { continuation in
            let early = state.withLock { state -> [UInt8]? in
                if !state.heard.isEmpty { return state.heard.removeFirst() }
                state.awaiting = continuation
                return nil
            }
            if let early { continuation.resume(returning: .bytes(early)) }
        }
    }

    private func giveUpAwaiting(_ timeout: Duration) {
        let awaiting = state.withLock { state in
            defer { state.awaiting = nil }
            return state.awaiting
        }
        awaiting?.resume(
            returning: .failed(BellError(.usbTimeout, "The status byte did not come within \(timeout).")))
    }

    private static func notificationSize(_ interface: any USBInterface) -> Int {
        max(2, interface.endpoint(.interrupt, isIn: true)?.maximumPacket ?? 2)
    }
}
