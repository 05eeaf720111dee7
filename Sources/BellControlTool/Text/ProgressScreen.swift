import BellCommandLine
import BellModel

/// Draws a campaign's progress: a bar that moves on a terminal, lines elsewhere, nothing with `--json`.
final class ProgressScreen {
    let console: Console
    /// A bar without a line feed stands on the terminal.
    private var isOpen = false

    init(console: Console) { self.console = console }

    func draw(_ campaign: CampaignView) {
        guard !console.isJSON else { return }
        guard console.isTerminal else {
            console.write(ProgressText.line(campaign) + "\n")
            return
        }
        draw(fraction: campaign.fraction ?? 0, fields: ProgressText.fields(campaign))
    }

    /// Draws a bar; only on a terminal.
    func draw(fraction: Double, fields: [String]) {
        guard console.isTerminal, !console.isJSON else { return }
        let bar = ProgressBar(fraction: fraction, fields: fields, width: console.width()).text
        // Carriage return, the bar, erase to the end of the line (ECMA-48, EL).
        console.write("\r\(bar)\u{1b}[K")
        isOpen = true
    }

    /// A line for people between two drawings.
    func note(_ line: String) {
        end()
        console.say(line)
    }

    /// Ends the bar's line.
    func end() {
        if isOpen { console.write("\n") }
        isOpen = false
    }
}
