import BellStatistics

/// Section 2.7: how often each template that cannot overlap itself occurs in eight blocks.
extension SP80022 {
    /// The 148 templates of nine bits that no shift of themselves continues, in numeric order.
    static let aperiodicTemplates: [Int] = (0..<512).filter { template in
        (1..<9).allSatisfy { template >> $0 != template & (1 << (9 - $0) - 1) }
    }

    /// - Parameter windows: 8 × 512 counts of nine-bit windows; occurrences of an aperiodic template never overlap, so
    ///   no search has to jump over any.
    static func nonOverlapping(_ windows: [UInt32], streamBits: Int) -> [Double] {
        let block = Double(streamBits / 8)
        let mean = (block - 8) / 512
        let variance = block * (1.0 / 512 - 17.0 / 262_144)
        return aperiodicTemplates.map { template in
            var chiSquare = 0.0
            for place in 0..<8 {
                let away = Double(windows[512 * place + template]) - mean
                chiSquare += away * away / variance
            }
            return IncompleteGamma(a: 4, x: chiSquare / 2).upper
        }
    }
}
