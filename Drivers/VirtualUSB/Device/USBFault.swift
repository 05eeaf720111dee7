/// A misbehaviour of the bus or the cable that a simulated device is told to show; lies in what it says are its model's.
///
/// Transfers of an endpoint are numbered from 1 in the order in which the host submits them, anew after each plugging-in.
public enum USBFault: Equatable, Sendable {
    /// The endpoint halts when this transfer's turn comes.
    case stall(endpoint: UInt8, transfer: Int)
    /// The cable is pulled when this transfer is submitted.
    case unplug(endpoint: UInt8, transfer: Int)
    /// The cable is pulled at this control request; those that the framework answers by itself are not counted.
    case unplugAtControl(Int)
    /// From this transfer on the IN endpoint sends empty packets and nothing else.
    case emptyReads(endpoint: UInt8, from: Int)
    /// These bytes come before the data of this transfer of the IN endpoint.
    case garbage([UInt8], endpoint: UInt8, transfer: Int)
}

extension [USBFault] {
    func stalls(_ endpoint: UInt8, _ transfer: Int) -> Bool { contains(.stall(endpoint: endpoint, transfer: transfer)) }

    func unplugs(_ endpoint: UInt8, _ transfer: Int) -> Bool {
        contains(.unplug(endpoint: endpoint, transfer: transfer))
    }

    func unplugs(atControl number: Int) -> Bool { contains(.unplugAtControl(number)) }

    func empties(_ endpoint: UInt8, _ transfer: Int) -> Bool {
        contains { fault in
            if case .emptyReads(endpoint, let first) = fault { return transfer >= first }
            return false
        }
    }

    func garbage(_ endpoint: UInt8, _ transfer: Int) -> [UInt8]? {
        for case .garbage(let bytes, endpoint, transfer) in self { return bytes }
        return nil
    }
}
