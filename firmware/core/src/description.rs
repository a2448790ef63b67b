//! What the board is told of its chip: a block in a flash sector of its own, so that another chip needs no compiler.
//! `firmware/describe.mjs` writes it. Its first 512 bytes are numbers for the firmware; the JSON for hosts follows.
//! firmware/README.md has the layout.

use crate::body::Reader;
use crate::crc::crc32c;
use crate::front_end::MOST_DEVICES;

pub const HEAD_BYTES: usize = 512;
const MAGIC: u32 = u32::from_le_bytes(*b"MHOD");
const LAYOUT: u16 = 1;
pub const CURVE_POINTS: usize = 48;

#[derive(Clone, Copy)]
pub struct Description<'a> {
    pub name: &'a str,
    pub serial: &'a str,
    pub tiles: u16,
    pub rows: u16,
    pub columns: u16,
    pub devices_per_cell: u16,
    /// Codes of the converter: they are below this.
    pub converter_codes: u16,
    pub max_amplitude_code: u16,
    pub max_gate_code: u16,
    pub max_averages: u16,
    pub min_width_nanoseconds: u32,
    pub max_width_nanoseconds: u32,
    pub max_trailing_nanoseconds: u32,
    pub usual_width_nanoseconds: u32,
    pub watchdog_microseconds: u32,
    pub settle_microseconds: u32,
    pub references: u16,
    /// Code of nothing.
    pub offset_codes: i16,
    pub picosiemens_per_code: u32,
    /// nA or nV, by `amplitude_is_volts`.
    pub nano_per_amplitude_code: u32,
    pub amplitude_is_volts: bool,
    /// What the amplitude codes of a row may come to in one pulse: its current. 0 for no such limit.
    pub max_row_codes: u32,
    /// Nominal curve: converter codes that rise or fall with the amplitude codes beside them. Fewer than two: no loop of its own.
    curve: &'a [u8],
    /// For hosts, as it is.
    pub json: &'a [u8],
    pub json_check: u32,
}

impl<'a> Description<'a> {
    /// Reads a block of flash. Nothing where there is none, or where it is damaged.
    pub fn read(block: &'a [u8]) -> Option<Self> {
        let head = block.get(..HEAD_BYTES)?;
        let check = u32::from_le_bytes(head[HEAD_BYTES - 4..].try_into().ok()?);
        let mut fields = Reader::new(head);
        if fields.u32() != MAGIC || fields.u16() != LAYOUT || crc32c(&head[..HEAD_BYTES - 4]) != check {
            return None;
        }
        let flags = fields.u16();
        let json_bytes = fields.u32() as usize;
        let json_check = fields.u32();
        let (tiles, rows, columns, devices_per_cell) = (fields.u16(), fields.u16(), fields.u16(), fields.u16());
        let converter_codes = fields.u16();
        let max_amplitude_code = fields.u16();
        let max_gate_code = fields.u16();
        let max_averages = fields.u16();
        let min_width_nanoseconds = fields.u32();
        let max_width_nanoseconds = fields.u32();
        let max_trailing_nanoseconds = fields.u32();
        let usual_width_nanoseconds = fields.u32();
        let watchdog_microseconds = fields.u32();
        let settle_microseconds = fields.u32();
        let references = fields.u16();
        let offset_codes = fields.u16() as i16;
        let picosiemens_per_code = fields.u32();
        let nano_per_amplitude_code = fields.u32();
        let max_row_codes = fields.u32();
        let points = usize::from(fields.u16());
        if points > CURVE_POINTS {
            return None;
        }
        let curve = fields.words(2 * points).0;
        let name = fields.text();
        let serial = fields.text();
        let json = block.get(HEAD_BYTES..)?.get(..json_bytes)?;
        let described = Description {
            name,
            serial,
            tiles,
            rows,
            columns,
            devices_per_cell,
            converter_codes,
            max_amplitude_code,
            max_gate_code,
            max_averages,
            min_width_nanoseconds,
            max_width_nanoseconds,
            max_trailing_nanoseconds,
            usual_width_nanoseconds,
            watchdog_microseconds,
            settle_microseconds,
            references,
            offset_codes,
            picosiemens_per_code,
            nano_per_amplitude_code,
            amplitude_is_volts: flags & 1 != 0,
            max_row_codes,
            curve,
            json,
            json_check,
        };
        let devices = usize::from(columns).checked_mul(usize::from(devices_per_cell))?;
        let fits = devices >= 1 && devices <= MOST_DEVICES && usize::from(references) <= MOST_DEVICES;
        (fits && crc32c(json) == json_check).then_some(described)
    }

    /// Of a board that was not told what it holds: it answers hello and nothing else.
    pub const fn none() -> Self {
        Description {
            name: "undescribed",
            serial: "none",
            tiles: 0,
            rows: 0,
            columns: 0,
            devices_per_cell: 0,
            converter_codes: 0,
            max_amplitude_code: 0,
            max_gate_code: 0,
            max_averages: 0,
            min_width_nanoseconds: 1,
            max_width_nanoseconds: 0,
            max_trailing_nanoseconds: 0,
            usual_width_nanoseconds: 0,
            watchdog_microseconds: 10_000_000,
            settle_microseconds: 0,
            references: 0,
            offset_codes: 0,
            picosiemens_per_code: 0,
            nano_per_amplitude_code: 1,
            amplitude_is_volts: false,
            max_row_codes: 0,
            curve: &[],
            json: &[],
            json_check: 0,
        }
    }

    pub fn devices_per_row(&self) -> usize {
        usize::from(self.columns) * usize::from(self.devices_per_cell)
    }

    pub fn verifies(&self) -> bool {
        self.curve.len() >= 8
    }

    /// What the amplitude codes of a row may come to.
    pub fn most_row_codes(&self) -> u32 {
        match self.max_row_codes {
            0 => u32::MAX,
            most => most,
        }
    }

    fn point(&self, k: usize) -> (i32, i32) {
        let word = |at: usize| i32::from(u16::from_le_bytes([self.curve[at], self.curve[at + 1]]));
        (word(4 * k), word(4 * k + 2))
    }

    /// Amplitude for a converter code by the nominal curve, in 256ths of an amplitude code. Codes rise along the curve.
    pub fn nominal(&self, code: i32) -> i32 {
        let points = self.curve.len() / 4;
        let (mut low, mut high) = (0, points - 1);
        if code <= self.point(low).0 {
            return self.point(low).1 << 8;
        }
        if code >= self.point(high).0 {
            return self.point(high).1 << 8;
        }
        while high - low > 1 {
            let middle = (low + high) / 2;
            if self.point(middle).0 <= code {
                low = middle;
            } else {
                high = middle;
            }
        }
        let (code0, amplitude0) = self.point(low);
        let (code1, amplitude1) = self.point(high);
        let span = (code1 - code0).max(1);
        // 16 bits each: their product fits 32, and times 256 it does not.
        let moved = i64::from(amplitude1 - amplitude0) * 256 * i64::from(code - code0) / i64::from(span);
        (amplitude0 << 8) + moved as i32
    }
}
