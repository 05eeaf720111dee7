/// Dots in a grid of characters: 2 × 4 a character as braille, or one a character.
struct DotCanvas {
    let columns: Int
    let rows: Int
    let isBraille: Bool
    private var cells: [UInt8]
    private var letters: [Character?]

    init(columns: Int, rows: Int, isBraille: Bool) {
        (self.columns, self.rows, self.isBraille) = (columns, rows, isBraille)
        cells = [UInt8](repeating: 0, count: columns * rows)
        letters = [Character?](repeating: nil, count: columns * rows)
    }

    var width: Int { isBraille ? columns * 2 : columns }
    var height: Int { isBraille ? rows * 4 : rows }

    /// Sets a dot, (0, 0) being at the lower left; one outside is ignored.
    mutating func set(_ x: Int, _ y: Int, as letter: Character = "*") {
        guard x >= 0, y >= 0, x < width, y < height else { return }
        let fromTop = height - 1 - y
        guard isBraille else {
            letters[fromTop * columns + x] = letter
            return
        }
        // Dots 1-3 and 7 of the left column, 4-6 and 8 of the right one (Unicode, Braille Patterns).
        let bits: [[UInt8]] = [[0x01, 0x08], [0x02, 0x10], [0x04, 0x20], [0x40, 0x80]]
        cells[fromTop / 4 * columns + x / 2] |= bits[fromTop % 4][x % 2]
    }

    /// Puts a letter where no dot is; for marks behind the data.
    mutating func setBehind(column: Int, row: Int, _ letter: Character) {
        guard column >= 0, row >= 0, column < columns, row < rows else { return }
        let place = row * columns + column
        if letters[place] == nil { letters[place] = letter }
    }

    /// A straight line between two dots.
    ///
    /// - Parameter period: 1 for all its dots, n for those whose column (or row, where it is steep) is a multiple of n.
    mutating func line(from: (x: Int, y: Int), to: (x: Int, y: Int), as letter: Character, every period: Int = 1) {
        let steps = max(abs(to.x - from.x), abs(to.y - from.y))
        for step in 0...max(steps, 0) {
            let part = steps == 0 ? 0 : Double(step) / Double(steps)
            let x = from.x + Int((Double(to.x - from.x) * part).rounded())
            let y = from.y + Int((Double(to.y - from.y) * part).rounded())
            let isSteep = abs(to.y - from.y) > abs(to.x - from.x)
            if period == 1 || (isSteep ? y : x) % period == 0 { set(x, y, as: letter) }
        }
    }

    /// Rows from the top.
    var lines: [String] {
        (0..<rows).map { row in
            var line = ""
            for column in 0..<columns {
                let place = row * columns + column
                if isBraille, cells[place] != 0, let scalar = Unicode.Scalar(0x2800 + UInt32(cells[place])) {
                    line.unicodeScalars.append(scalar)
                } else {
                    line.append(letters[place] ?? " ")
                }
            }
            return line
        }
    }
}
