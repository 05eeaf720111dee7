import BellModel

extension BoardLimits {
    /// The time nearest to this one that falls on a sample, in ns: what a sweep of waits or lengths must use.
    ///
    /// - Parameter nanoseconds: Below 4·10^8 in size; what is larger is cut.
    public func onSample(nanoseconds: Double) -> Double {
        let time = Picoseconds(nanoseconds: min(max(nanoseconds, -4e8), 4e8))
        let grid = Grid(rate: tickRate, ticksPerSample: Int64(max(ticksPerSample, 1)))
        return grid.time(grid.fit(time, step: grid.ticksPerSample).ticks).nanoseconds
    }
}
