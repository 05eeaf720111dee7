import BellDaemon
import BellHost

exitProgram(await DaemonProgram.main(Array(CommandLine.arguments.dropFirst())))
