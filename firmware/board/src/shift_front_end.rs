//! The worked front end: an array behind shift registers and one converter, on one SPI bus. firmware/README.md has its wiring.
//!
//! | select | words of 16 bits, the first one first                                                              |
//! | ------ | -------------------------------------------------------------------------------------------------- |
//! | setup  | tile, row, mode (bit 0: SET, bit 1: references), gate code, width and trailing edge in ns, high first |
//! | drive  | amplitudes, one a device                                                                            |
//! | sense  | read: codes, one a device                                                                           |
//! | info   | a command, then what it asks for                                                                    |
//!
//! A rising edge of `sample` holds what every device of the row conducts; the codes are then read one by one. A rising edge of
//! `fire` fires the row. `busy` is high while either goes on. `enable` is high while the drivers may drive; a resistor pulls it low
//! while the board starts.

use embedded_hal::digital::{InputPin, OutputPin};
use embedded_hal::spi::SpiBus;
use mho_core::front_end::{Environment, FrontEnd, Pulse, PulseKind};

pub struct Pins<Select, Strobe, Busy> {
    pub setup: Select,
    pub drive: Select,
    pub sense: Select,
    pub info: Select,
    pub sample: Strobe,
    pub fire: Strobe,
    pub enable: Strobe,
    pub busy: Busy,
}

pub struct ShiftFrontEnd<Bus, Select, Strobe, Busy> {
    bus: Bus,
    pins: Pins<Select, Strobe, Busy>,
    /// What the info register can do; 0 where there is none.
    can: u16,
    ahead_microseconds: u64,
}

/// The first word of an info register; without one the bus is pulled low or high.
const INFO_MAGIC: u16 = 0x4d46;
const HAS_SENSORS: u16 = 1;
/// Its devices are numbers: their time can be moved.
const HAS_MOVABLE_TIME: u16 = 2;

const ASK: u16 = 1;
const ADVANCE: u16 = 2;

const MODE_SET: u16 = 1;
const MODE_REFERENCES: u16 = 2;

impl<Bus, Select, Strobe, Busy> ShiftFrontEnd<Bus, Select, Strobe, Busy>
where
    Bus: SpiBus<u16>,
    Select: OutputPin,
    Strobe: OutputPin,
    Busy: InputPin,
{
    pub fn new(bus: Bus, pins: Pins<Select, Strobe, Busy>) -> Self {
        let mut front_end = ShiftFrontEnd { bus, pins, can: 0, ahead_microseconds: 0 };
        for select in [
            &mut front_end.pins.setup,
            &mut front_end.pins.drive,
            &mut front_end.pins.sense,
            &mut front_end.pins.info,
        ] {
            let _ = select.set_high();
        }
        let info = front_end.info();
        if info[0] == INFO_MAGIC {
            front_end.can = info[1];
            front_end.ahead_microseconds = microseconds(&info[5..9]);
        }
        front_end
    }

    /// Magic, what it can do, temperature in millikelvin (high, low), supply in mV, how far time was moved in µs (high first).
    fn info(&mut self) -> [u16; 9] {
        let mut words = [0; 9];
        let _ = self.pins.info.set_low();
        let _ = self.bus.write(&[ASK]);
        let _ = self.bus.read(&mut words);
        let _ = self.pins.info.set_high();
        words
    }

    fn set_up(&mut self, words: &[u16; 8]) {
        let _ = self.pins.setup.set_low();
        let _ = self.bus.write(words);
        let _ = self.bus.flush();
        let _ = self.pins.setup.set_high();
    }

    fn while_busy(&mut self) {
        while self.pins.busy.is_high().unwrap_or(false) {}
    }

    fn sense(&mut self, codes: &mut [u16]) {
        let _ = self.pins.sample.set_high();
        self.while_busy();
        let _ = self.pins.sense.set_low();
        let _ = self.bus.read(codes);
        let _ = self.pins.sense.set_high();
        let _ = self.pins.sample.set_low();
    }
}

impl<Bus, Select, Strobe, Busy> FrontEnd for ShiftFrontEnd<Bus, Select, Strobe, Busy>
where
    Bus: SpiBus<u16>,
    Select: OutputPin,
    Strobe: OutputPin,
    Busy: InputPin,
{
    fn safe(&mut self) {
        let _ = self.pins.enable.set_low();
        let _ = self.pins.fire.set_low();
        let _ = self.pins.sample.set_low();
    }

    fn arm(&mut self) {
        let _ = self.pins.enable.set_high();
    }

    fn read_row(&mut self, tile: u16, row: u16, codes: &mut [u16]) {
        self.set_up(&[tile, row, 0, 0, 0, 0, 0, 0]);
        self.sense(codes);
    }

    fn pulse_row(&mut self, tile: u16, row: u16, pulse: Pulse, amplitudes: &[u16]) {
        let mode = if pulse.kind == PulseKind::Set { MODE_SET } else { 0 };
        let (width, trailing) = (pulse.width_nanoseconds, pulse.trailing_nanoseconds);
        self.set_up(&[
            tile,
            row,
            mode,
            pulse.gate_code,
            (width >> 16) as u16,
            width as u16,
            (trailing >> 16) as u16,
            trailing as u16,
        ]);
        let _ = self.pins.drive.set_low();
        let _ = self.bus.write(amplitudes);
        let _ = self.bus.flush();
        let _ = self.pins.drive.set_high();
        let _ = self.pins.fire.set_high();
        self.while_busy();
        let _ = self.pins.fire.set_low();
    }

    fn read_references(&mut self, tile: u16, codes: &mut [u16]) {
        self.set_up(&[tile, 0, MODE_REFERENCES, 0, 0, 0, 0, 0]);
        self.sense(codes);
    }

    fn environment(&mut self) -> Option<Environment> {
        if self.can & HAS_SENSORS == 0 {
            return None;
        }
        let info = self.info();
        let millikelvin = i32::from(info[2]) << 16 | i32::from(info[3]);
        Some(Environment { milli_celsius: millikelvin - 273_150, supply_millivolts: info[4] })
    }

    fn can_advance(&self) -> bool {
        self.can & HAS_MOVABLE_TIME != 0
    }

    fn advance(&mut self, by: u64) {
        let _ = self.pins.info.set_low();
        let word = |shift: u32| (by >> shift) as u16;
        let _ = self.bus.write(&[ADVANCE, word(48), word(32), word(16), word(0)]);
        let _ = self.bus.flush();
        let _ = self.pins.info.set_high();
        self.ahead_microseconds = microseconds(&self.info()[5..9]);
    }

    fn ahead_microseconds(&self) -> u64 {
        self.ahead_microseconds
    }
}

fn microseconds(words: &[u16]) -> u64 {
    words.iter().fold(0, |sum, &word| sum << 16 | u64::from(word))
}
