import BellCommandLine

extension CommandTree {
    private static let name = PositionalSpec(name: "DEVICE", summary: "Its name in lab.yaml.")
    private static let lab = value("lab", "FILE", "The laboratory.", default: "Calibration/mocklab/lab.yaml")

    static let device = group(
        "device", "List, set, check and swap devices.",
        [
            command("list", "List the devices that belld knows.", "", []),
            command(
                "show", "Show one device and everything that can be set at it.", "", [], positionals: [name]),
            command(
                "set", "Set an instrument and read it back.",
                """
                For example `bellctl device set alice-lo frequency_hz=5.2e9 output=on`. Refused while a campaign is under \
                way: what a block is measured with is frozen. The `settings` of an instrument in lab.yaml are set, read \
                back and recorded before each block.
                """, [],
                positionals: [name, PositionalSpec(name: "KEY=VALUE", summary: "What to set.", isRepeated: true)]),
            command(
                "safe", "Bring a device into its safe state.",
                "Outputs off, switches as without power; a board forgets its program.", [], positionals: [name]),
            command(
                "check", "Run the conformance kit against a device.",
                """
                DEVICE is a name in lab.yaml or an address such as usb://1209:be11/ALICE01. A name is checked by the belld \
                that has the device when one runs, else directly. Nothing is played unless --allow-output is given, and \
                the device is left in its safe state. Exit code 0 when every check passed, 3 when one failed.
                """,
                [
                    lab,
                    value(
                        "driver", "KIND", "What stands at an address.", default: "board",
                        allowed: ["board", "rf-switch", "attenuator", "microwave-source"]),
                    value("partner", "DEVICE", "The other node's board: arms with a trigger can then be checked."),
                    flag("allow-output", "The check may play pulses, change settings and switch outputs on."),
                    flag("ask-to-pull", "Ask for the cable to be pulled, instead of closing the link."),
                ],
                positionals: [PositionalSpec(name: "DEVICE", summary: "A name in lab.yaml, or an address.")]),
            command(
                "swap", "Put a device at another address.",
                """
                Changes the device's `at:` in lab.yaml and nothing else, after it has asked the device at the new address \
                who it is and compared it with what the sequences need. belld reads lab.yaml when it starts.
                """,
                [
                    lab,
                    value(
                        "sequence", "FILE", "A sequence that must compile for the new board; else all in Sequences/.",
                        repeats: true),
                    flag("dry-run", "Say what would change, and change nothing."),
                    flag("offline", "Do not ask the device."),
                    flag("force", "Change it although a check failed."),
                ],
                positionals: [name, PositionalSpec(name: "ADDRESS", summary: "For example usb://1209:be11/ALICE01.")]),
            command(
                "record", "Record a device's traffic into a file.",
                """
                belld goes on as before; the file holds every frame or transfer until --stop. `at: replay:///PATH` serves \
                it again as a device. A recording of a board contains outcomes: keep it as secret as they are.
                """,
                [flag("stop", "End the recording.")],
                positionals: [name, PositionalSpec(name: "FILE", summary: "A new file.", isOptional: true)]),
            command(
                "recording", "Show what is in a recording.", "",
                [value("frames", "N", "How many of its first records are shown in full.", default: "0")],
                positionals: [PositionalSpec(name: "FILE", summary: "A .belltrace file.")]),
        ])
}
