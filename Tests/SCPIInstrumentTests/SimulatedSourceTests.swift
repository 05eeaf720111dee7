import Testing
import VirtualUSB

/// The simulated instrument itself, without any driver.
@Suite struct SimulatedSourceTests {
    private func ask(_ source: inout SimulatedSource, _ text: String) -> String? {
        source.take(Array(text.utf8)).map { String(decoding: $0, as: UTF8.self) }
    }

    // IEEE 488.2-1992, section 10: the 13 mandatory common commands.
    @Test(
        "all mandatory common commands are understood",
        arguments: [
            ("*CLS", nil), ("*ESE 3", nil), ("*ESE?", "0\n"), ("*ESR?", "128\n"),
            ("*IDN?", "belld simulated,MW-20,SRC01,1.0\n"), ("*OPC", nil), ("*OPC?", "1\n"), ("*RST", nil),
            ("*SRE 3", nil),
            ("*SRE?", "0\n"), ("*STB?", "0\n"), ("*TST?", "0\n"), ("*WAI", nil),
        ] as [(String, String?)])
    func mandatory(command: String, answer: String?) {
        var source = SimulatedSource()
        #expect(ask(&source, command) == answer)
        #expect(ask(&source, "SYST:ERR?") == "0,\"No error\"\n")
    }

    @Test(
        "headers are taken in their short and long forms and in any case, and nothing between",
        arguments: [
            ("FREQ 6E9", true), ("freq 6 GHz", true), (":SOUR:FREQ:CW 6000 MHZ", true), ("SOURCE:FREQUENCY 6E9", true),
            ("FREQU 6E9", false), ("SOUR 6E9", false), ("FREQ:FIX 6E9", false), ("FREQ", false), ("FREQ six", false),
        ])
    func headers(command: String, isUnderstood: Bool) {
        var source = SimulatedSource()
        #expect(ask(&source, command) == nil)
        #expect(source.frequency == (isUnderstood ? 6e9 : 5e9))
        #expect((ask(&source, "SYST:ERR?") == "0,\"No error\"\n") == isUnderstood)
    }

    @Test("units of one message are followed in order, and their answers joined")
    func joined() {
        var source = SimulatedSource()
        #expect(ask(&source, "POW -3; POW?;:OUTP ON ;OUTP?;*OPC?") == "-3.0;1;1\n")
        #expect(ask(&source, "ROSC:SOUR EXT;SOUR?") == nil)
        #expect(ask(&source, "ROSC:SOUR?;ROSC:LOCK?") == "EXT;1\n")
        source.hasReference = false
        #expect(ask(&source, "ROSC:LOCK?;STAT:QUES:COND?;STAT:QUES:FREQ:COND?") == "0;32;2\n")
        #expect(source.statusByte(isAnswerWaiting: true) == 0x04 | 0x08 | 0x10)
    }

    @Test("the error queue holds 16 entries, the last of which says that more were lost")
    func queue() {
        var source = SimulatedSource()
        for _ in 0..<100 { _ = ask(&source, "NONSENSE") }
        let errors = (0..<17).map { _ in ask(&source, "SYST:ERR?") }
        #expect(errors[..<15].allSatisfy { $0 == "-113,\"Undefined header\"\n" })
        #expect(errors[15] == "-350,\"Queue overflow\"\n")
        #expect(errors[16] == "0,\"No error\"\n")
        #expect(ask(&source, "*ESR?") == "168\n")
    }

    @Test(
        "values out of range change nothing",
        arguments: ["FREQ 1", "FREQ 1E12", "POW 21", "POW -61", "OUTP 2", "ROSC:SOUR GPS"])
    func range(command: String) {
        var source = SimulatedSource()
        _ = ask(&source, command)
        #expect(source.frequency == 5e9 && source.power == -60 && !source.isOn && !source.usesExternalReference)
        #expect(ask(&source, "SYST:ERR?")?.hasPrefix("-22") == true)
    }

    // MARK: Over USBTMC

    /// Sends one message in transfers of 1 MiB at most, as USBTMC 1.0, section 3.2.1.1 has it.
    private func send(_ message: [UInt8], to model: inout USBTMCSource) {
        var rest = message[...]
        repeat {
            let part = rest.prefix(1 << 20)
            rest = rest.dropFirst(part.count)
            let size = (0..<4).map { UInt8(truncatingIfNeeded: part.count >> (8 * $0)) }
            let padding = [UInt8](repeating: 0, count: (4 - part.count % 4) % 4)
            let header = [1, 7, 248, 0] + size + [rest.isEmpty ? 1 : 0, 0, 0, 0]
            #expect(model.wrote(header + part + padding, to: 1) == .taken)
        } while !rest.isEmpty
    }

    @Test("a message longer than the input buffer is dropped with error -363, and the next one is followed")
    func overrun() {
        var model = USBTMCSource()
        let order = Array("FREQ 6E9;*OPC".utf8)
        let fill = [UInt8](repeating: UInt8(ascii: " "), count: USBTMCSource.inputLimit - order.count)
        send(fill + order, to: &model)
        #expect(model.source.frequency == 6e9)
        #expect(ask(&model.source, "SYST:ERR?") == "0,\"No error\"\n")
        send(fill + Array(" FREQ 7E9;*OPC".utf8), to: &model)
        send([UInt8](repeating: UInt8(ascii: " "), count: 3 * USBTMCSource.inputLimit), to: &model)
        #expect(model.source.frequency == 6e9)
        send(Array("FREQ 8E9\n".utf8), to: &model)
        #expect(model.source.frequency == 8e9)
        // Once for each message that was too long.
        #expect(ask(&model.source, "SYST:ERR?") == "-363,\"Input buffer overrun\"\n")
        #expect(ask(&model.source, "SYST:ERR?") == "-363,\"Input buffer overrun\"\n")
        #expect(ask(&model.source, "SYST:ERR?") == "0,\"No error\"\n")
        // Device-dependent error, IEEE 488.2, section 11.5.1.1.6; and operation complete, and power on.
        #expect(ask(&model.source, "*ESR?") == "137\n")
    }
}
