import BellControlTool
import BellModel
import Glibc

// A sentence to nobody must not end a laboratory: a closed pipe is an error of write, not a signal.
signal(SIGPIPE, SIG_IGN)
exit(ControlTool.main(arguments: Array(CommandLine.arguments.dropFirst())).rawValue)
