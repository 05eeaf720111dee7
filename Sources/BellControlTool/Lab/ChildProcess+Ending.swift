import BellHost

extension ChildProcess {
    /// How it ended, in the words of ``LabMachine``; nil while it runs.
    var labEnding: LabMachine.Ending? {
        switch wait(timeoutMilliseconds: 0) {
        case .exited(let status): .exit(status)
        case .signalled(let number): .signal(number)
        case nil: nil
        }
    }
}
