import BellCommandLine
import BellDaemon
import BellHost
import BellModel
