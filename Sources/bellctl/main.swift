import BellControlTool
import BellHost

exitProgram(ControlTool.main(arguments: Array(CommandLine.arguments.dropFirst())))
