import BellControlTool
import BellHost
import BellModel

exitProcess(ControlTool.main(arguments: Array(CommandLine.arguments.dropFirst()), environment: processEnvironment()))
