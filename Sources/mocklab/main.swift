import BellHost

exitProgram(await MockLabCommand.run(Array(CommandLine.arguments.dropFirst())))
