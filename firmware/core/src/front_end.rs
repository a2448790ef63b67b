//! What a board's analogue side must do: the one trait to write for other electronics.

/// Devices of one row, at most.
pub const MOST_DEVICES: usize = 1024;

/// The code of a converter that gave none.
pub const NO_CODE: u16 = 0xffff;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PulseKind {
    Reset,
    Set,
}

/// One pulse for a row. Its amplitudes come beside it, one a device; 0 leaves a device alone.
#[derive(Clone, Copy, Debug)]
pub struct Pulse {
    pub kind: PulseKind,
    pub width_nanoseconds: u32,
    /// How long the amplitude takes to fall.
    pub trailing_nanoseconds: u32,
    /// 0 is the gate's usual voltage.
    pub gate_code: u16,
}

#[derive(Clone, Copy, Debug)]
pub struct Environment {
    pub milli_celsius: i32,
    pub supply_millivolts: u16,
}

/// The analogue side of a board: converters, drivers, selects. It is only ever given orders that are within the limits of the
/// board's description. Times are what the board's clock shows.
pub trait FrontEnd {
    /// Puts every line into its safe state: nothing drives the array. Also called before the first `arm`.
    fn safe(&mut self);

    /// Makes the array ready to be read and pulsed.
    fn arm(&mut self);

    /// Reads a row once: one code a device. Called as often as there are averages.
    fn read_row(&mut self, tile: u16, row: u16, codes: &mut [u16]);

    /// Fires one pulse at every device whose amplitude is not 0, all together, and returns when it is over.
    fn pulse_row(&mut self, tile: u16, row: u16, pulse: Pulse, amplitudes: &[u16]);

    /// Reads the tile's known resistors once: one code each. Only called where the description names some.
    fn read_references(&mut self, tile: u16, codes: &mut [u16]) {
        let _ = tile;
        codes.fill(NO_CODE);
    }

    /// Temperature of the array and its supply, where there are sensors.
    fn environment(&mut self) -> Option<Environment> {
        None
    }

    /// Bit 0: rows that give nothing, bit 1: converters off their reference. 0 when all is well.
    fn self_test(&mut self) -> u64 {
        0
    }

    /// Whether the devices' time can be moved: only where the devices are numbers.
    fn can_advance(&self) -> bool {
        false
    }

    /// Moves the devices' time. Only called where it can be moved.
    fn advance(&mut self, microseconds: u64) {
        let _ = microseconds;
    }

    /// How far the devices' time is ahead of this board's clock, µs. It never gets less.
    fn ahead_microseconds(&self) -> u64 {
        0
    }
}

/// Time since the board started.
pub trait Clock {
    fn microseconds(&self) -> u64;
    /// Returns when so much time has passed.
    fn wait(&mut self, microseconds: u32);
    /// A long order goes on as it should: called between the readings of a row and the turns of the board's own loop.
    fn alive(&mut self) {}
}
