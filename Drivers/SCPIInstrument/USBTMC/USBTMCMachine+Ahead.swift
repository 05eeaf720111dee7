import DriverKit

extension USBTMCMachine {
    /// The transfers that operations begin with if all goes well, up to the first read: what that gives is not known.
    ///
    /// Ends early where something other than a transfer comes first, such as a recovery. The machine itself stays as it is.
    func firstSteps(of operations: [Operation]) -> [USBStep] {
        var ahead = self
        var steps: [USBStep] = []
        for operation in operations {
            var action = ahead.begin(operation)
            while case .write(let bytes, let timeout) = action {
                steps.append(.write(bytes, to: pipes.bulkOut, timeout: timeout))
                action = ahead.handle(.done)
            }
            switch action {
            case .finish(.success(.done)): continue
            case .read(let count, let timeout):
                steps.append(.read(count, from: pipes.bulkIn, timeout: timeout))
                return steps
            default: return steps
            }
        }
        return steps
    }
}
