import BellHost

let words = Array(CommandLine.arguments.dropFirst())
switch words.first {
// What the bench starts of itself for its USB rows.
case "usb-devices": exitProgram(USBDeviceProgram.main(Array(words.dropFirst())))
case "usb-host": exitProgram(await USBHostProgram.main(Array(words.dropFirst())))
default: exitProgram(BenchProgram.main(words))
}
