//! What every dialect has under it: the limits, the safe state, the clock, and the operations on rows.

use crate::description::Description;
use crate::front_end::{Clock, FrontEnd, Pulse, PulseKind, MOST_DEVICES, NO_CODE};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    Standby,
    Unsupported(&'static str),
    /// Which limit, and the number that it is.
    Limit(&'static str, u32),
}

pub struct Board<'a, F: FrontEnd, C: Clock> {
    pub front_end: F,
    pub clock: C,
    pub described: Description<'a>,
    /// Drawn afresh at each start.
    pub boot: u32,
    armed: bool,
    heard_at: u64,
    codes: [u16; MOST_DEVICES],
    sums: [u32; MOST_DEVICES],
    amplitudes: [u16; MOST_DEVICES],
    verify: VerifyRoom,
}

struct VerifyRoom {
    /// In 256ths of an amplitude code.
    offsets: [i32; MOST_DEVICES],
    pulses: [u8; MOST_DEVICES],
    done: [bool; MOST_DEVICES],
    /// The last pulse was one for the device, too.
    fired: [bool; MOST_DEVICES],
}

#[derive(Clone, Copy)]
pub struct VerifyOrder {
    pub tile: u16,
    pub row: u16,
    pub margin_codes: u16,
    pub iterations: u16,
    pub width_nanoseconds: u32,
}

pub const MOST_ITERATIONS: u16 = 64;

impl<'a, F: FrontEnd, C: Clock> Board<'a, F, C> {
    pub fn new(mut front_end: F, clock: C, described: Description<'a>, boot: u32) -> Self {
        front_end.safe();
        Board {
            front_end,
            clock,
            described,
            boot,
            armed: false,
            heard_at: 0,
            codes: [0; MOST_DEVICES],
            sums: [0; MOST_DEVICES],
            amplitudes: [0; MOST_DEVICES],
            verify: VerifyRoom {
                offsets: [0; MOST_DEVICES],
                pulses: [0; MOST_DEVICES],
                done: [false; MOST_DEVICES],
                fired: [false; MOST_DEVICES],
            },
        }
    }

    /// Chip time: what the devices age by.
    pub fn time(&self) -> u64 {
        self.clock.microseconds() + self.front_end.ahead_microseconds()
    }

    pub fn armed(&self) -> bool {
        self.armed
    }

    pub fn arm(&mut self) {
        if !self.armed {
            self.front_end.arm();
        }
        self.armed = true;
    }

    pub fn standby(&mut self) {
        self.armed = false;
        self.front_end.safe();
    }

    /// The host said something.
    pub fn heard(&mut self) {
        self.heard_at = self.clock.microseconds();
    }

    /// A host that has gone quiet leaves the board in standby.
    pub fn tick(&mut self) {
        let quiet = self.clock.microseconds() - self.heard_at;
        if self.armed && quiet > u64::from(self.described.watchdog_microseconds) {
            self.standby();
        }
    }

    /// Reads a row. Returns the time at which it began and a code a device.
    pub fn read(&mut self, tile: u16, row: u16, averages: u16) -> Result<(u64, &[u16]), Refusal> {
        self.check_place(tile, row)?;
        let devices = self.described.devices_per_row();
        self.measure(averages, devices, |front_end, codes| front_end.read_row(tile, row, codes))
    }

    pub fn references(&mut self, tile: u16, averages: u16) -> Result<(u64, &[u16]), Refusal> {
        let count = usize::from(self.described.references);
        if count == 0 {
            return Err(Refusal::Unsupported("this board has no references"));
        }
        self.check_place(tile, 0)?;
        self.measure(averages, count, |front_end, codes| front_end.read_references(tile, codes))
    }

    fn measure(
        &mut self,
        averages: u16,
        count: usize,
        read: impl Fn(&mut F, &mut [u16]),
    ) -> Result<(u64, &[u16]), Refusal> {
        let most = self.described.max_averages;
        if averages < 1 || averages > most {
            return Err(Refusal::Limit("averages must be 1 to", u32::from(most)));
        }
        let at = self.time();
        let codes = &mut self.codes[..count];
        if averages == 1 {
            read(&mut self.front_end, codes);
        } else {
            let sums = &mut self.sums[..count];
            sums.fill(0);
            for _ in 0..averages {
                read(&mut self.front_end, codes);
                self.clock.alive();
                for (sum, &code) in sums.iter_mut().zip(codes.iter()) {
                    // 0xffff is no code: one that failed spoils the mean.
                    *sum = if code == NO_CODE { u32::MAX } else { sum.saturating_add(u32::from(code)) };
                }
            }
            let times = u32::from(averages);
            // This processor has no instruction that divides.
            let shift = times.is_power_of_two().then(|| times.trailing_zeros());
            for (code, &sum) in codes.iter_mut().zip(sums.iter()) {
                let rounded = sum.saturating_add(times / 2);
                let mean = shift.map_or_else(|| rounded / times, |shift| rounded >> shift);
                *code = if sum == u32::MAX { NO_CODE } else { mean as u16 };
            }
        }
        Ok((at, codes))
    }

    /// Fires a pulse. Returns when it fired. A row of zeros touches nothing.
    pub fn pulse(
        &mut self,
        tile: u16,
        row: u16,
        pulse: Pulse,
        amplitudes: impl ExactSizeIterator<Item = u16>,
    ) -> Result<u64, Refusal> {
        self.check_place(tile, row)?;
        let devices = self.described.devices_per_row();
        if amplitudes.len() != devices {
            return Err(Refusal::Limit("codes in a row are", devices as u32));
        }
        self.check_width(pulse.width_nanoseconds)?;
        if pulse.trailing_nanoseconds > self.described.max_trailing_nanoseconds {
            return Err(Refusal::Limit("the longest trailing edge in ns is", self.described.max_trailing_nanoseconds));
        }
        if pulse.gate_code > self.described.max_gate_code {
            return Err(Refusal::Limit("the highest gate code is", u32::from(self.described.max_gate_code)));
        }
        let most = self.described.max_amplitude_code;
        let row_amplitudes = &mut self.amplitudes[..devices];
        let mut sum = 0u32;
        for (place, code) in row_amplitudes.iter_mut().zip(amplitudes) {
            if code > most {
                return Err(Refusal::Limit("the highest amplitude code is", u32::from(most)));
            }
            sum += u32::from(code);
            *place = code;
        }
        if sum > self.described.most_row_codes() {
            return Err(Refusal::Limit("the codes of a row may come to", self.described.most_row_codes()));
        }
        let at = self.clock.microseconds() + self.front_end.ahead_microseconds();
        if sum > 0 {
            self.front_end.pulse_row(tile, row, pulse, row_amplitudes);
        }
        Ok(at)
    }

    /// The board's own loop: RESET every device that is off its target, read, and correct by what its own pulses did. It knows the
    /// nominal curve of its devices and nothing else of them. Returns when it ended, and the pulses given to each device.
    pub fn verify(
        &mut self,
        order: VerifyOrder,
        targets: impl ExactSizeIterator<Item = u16> + Clone,
    ) -> Result<(u64, &[u8]), Refusal> {
        if !self.described.verifies() {
            return Err(Refusal::Unsupported("this board has no verify loop for its devices"));
        }
        self.check_place(order.tile, order.row)?;
        let devices = self.described.devices_per_row();
        if targets.len() != devices {
            return Err(Refusal::Limit("targets in a row are", devices as u32));
        }
        if order.iterations < 1 || order.iterations > MOST_ITERATIONS {
            return Err(Refusal::Limit("iterations must be 1 to", u32::from(MOST_ITERATIONS)));
        }
        self.check_width(order.width_nanoseconds)?;
        let Board { front_end, clock, described, verify: room, codes, amplitudes, .. } = self;
        let (codes, amplitudes) = (&mut codes[..devices], &mut amplitudes[..devices]);
        for (k, target) in targets.clone().enumerate() {
            room.offsets[k] = 0;
            room.pulses[k] = 0;
            room.done[k] = target == NO_CODE;
            room.fired[k] = false;
        }
        let pulse = Pulse {
            kind: PulseKind::Reset,
            width_nanoseconds: order.width_nanoseconds,
            trailing_nanoseconds: 0,
            gate_code: 0,
        };
        let highest = i32::from(described.max_amplitude_code);
        for _ in 0..order.iterations {
            front_end.read_row(order.tile, order.row, codes);
            let mut off = false;
            let mut left = described.most_row_codes();
            for (k, target) in targets.clone().enumerate() {
                let fired = core::mem::replace(&mut room.fired[k], false);
                amplitudes[k] = 0;
                if room.done[k] || codes[k] == NO_CODE {
                    continue;
                }
                if codes[k].abs_diff(target) <= order.margin_codes {
                    // A later read may be noise.
                    room.done[k] = true;
                    continue;
                }
                let wanted = described.nominal(i32::from(target));
                // The first pulse has nothing to learn from.
                if fired {
                    // What the last pulse missed by, as amplitude: 154/256 is 0.6.
                    let missed = wanted - described.nominal(i32::from(codes[k]));
                    room.offsets[k] = (room.offsets[k] + missed * 154 / 256).clamp(-(highest << 8), highest << 8);
                }
                let code = ((wanted + room.offsets[k] + 128) >> 8).clamp(1, highest) as u16;
                off = true;
                // What the row may not draw at once waits for the next time.
                let Some(rest) = left.checked_sub(u32::from(code)) else { continue };
                left = rest;
                room.fired[k] = true;
                amplitudes[k] = code;
                room.pulses[k] += 1;
            }
            if !off {
                break;
            }
            front_end.pulse_row(order.tile, order.row, pulse, amplitudes);
            clock.wait(described.settle_microseconds);
            clock.alive();
        }
        let at = clock.microseconds() + front_end.ahead_microseconds();
        Ok((at, &room.pulses[..devices]))
    }

    pub fn advance(&mut self, microseconds: u64) -> Result<u64, Refusal> {
        if !self.front_end.can_advance() {
            return Err(Refusal::Unsupported("this board's time goes by itself"));
        }
        if self.time().checked_add(microseconds).is_none_or(|end| end > crate::body::MAX_SAFE) {
            return Err(Refusal::Limit("chip time ends, in years, at", 285));
        }
        self.front_end.advance(microseconds);
        Ok(self.time())
    }

    fn check_place(&self, tile: u16, row: u16) -> Result<(), Refusal> {
        if !self.armed {
            return Err(Refusal::Standby);
        }
        if tile >= self.described.tiles {
            return Err(Refusal::Limit("tiles on this board:", u32::from(self.described.tiles)));
        }
        if row >= self.described.rows {
            return Err(Refusal::Limit("rows of a tile:", u32::from(self.described.rows)));
        }
        Ok(())
    }

    fn check_width(&self, nanoseconds: u32) -> Result<(), Refusal> {
        let (least, most) = (self.described.min_width_nanoseconds, self.described.max_width_nanoseconds);
        if nanoseconds < least {
            return Err(Refusal::Limit("the shortest width in ns is", least));
        }
        if nanoseconds > most {
            return Err(Refusal::Limit("the longest width in ns is", most));
        }
        Ok(())
    }
}
