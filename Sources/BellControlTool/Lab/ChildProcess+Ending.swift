import BellHost

extension ChildProcess {
    /// How it ended, in the words of ``LabMachine``; nil while it runs.
    var toolEnding: LabMachine.Ending? {
        switch ended {
        case .exit(let status): .exit(status)
        case .signal(let number): .signal(number)
        case nil: nil
        }
    }
}
