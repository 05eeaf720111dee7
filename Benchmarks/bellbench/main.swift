import BellHost

exitProgram(BenchProgram.main(Array(CommandLine.arguments.dropFirst())))
