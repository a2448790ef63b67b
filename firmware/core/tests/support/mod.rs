//! A board whose array is a table of numbers, and a host's end of the line.

#![allow(dead_code)]

use mho_core::board::Board;
use mho_core::crc::crc32c;
use mho_core::description::Description;
use mho_core::front_end::{Clock, Environment, FrontEnd, Pulse};
use mho_core::{cobs, Firmware, Memory, Output};
use std::cell::Cell;
use std::rc::Rc;

pub const DEVICES: usize = 8;
pub const ROWS: u16 = 4;
pub const HIGHEST_AMPLITUDE: u16 = 1000;
pub const MOST_ROW_CODES: u32 = 3000;

/// What the array felt, and what the clock shows.
#[derive(Default)]
pub struct Seen {
    pub now: Cell<u64>,
    pub pulses: Cell<u64>,
    pub beyond_limits: Cell<u64>,
    pub while_safe: Cell<u64>,
    pub drives: Cell<bool>,
}

pub struct TableFrontEnd {
    pub seen: Rc<Seen>,
    pub codes: [[u16; DEVICES]; ROWS as usize],
}

impl FrontEnd for TableFrontEnd {
    fn safe(&mut self) {
        self.seen.drives.set(false);
    }

    fn arm(&mut self) {
        self.seen.drives.set(true);
    }

    fn read_row(&mut self, _tile: u16, row: u16, codes: &mut [u16]) {
        if !self.seen.drives.get() {
            self.seen.while_safe.set(self.seen.while_safe.get() + 1);
        }
        codes.copy_from_slice(&self.codes[usize::from(row)]);
        self.seen.now.set(self.seen.now.get() + 20);
    }

    fn pulse_row(&mut self, _tile: u16, row: u16, pulse: Pulse, amplitudes: &[u16]) {
        let wrong = amplitudes.iter().any(|&code| code > HIGHEST_AMPLITUDE)
            || amplitudes.iter().map(|&code| u32::from(code)).sum::<u32>() > MOST_ROW_CODES
            || !(20..=5000).contains(&pulse.width_nanoseconds)
            || pulse.trailing_nanoseconds > 5000;
        if wrong {
            self.seen.beyond_limits.set(self.seen.beyond_limits.get() + 1);
        }
        if !self.seen.drives.get() {
            self.seen.while_safe.set(self.seen.while_safe.get() + 1);
        }
        for (code, &amplitude) in self.codes[usize::from(row)].iter_mut().zip(amplitudes) {
            if amplitude > 0 {
                // The higher the amplitude, the lower what is left.
                *code = 1000 - amplitude.min(1000);
            }
        }
        self.seen.pulses.set(self.seen.pulses.get() + 1);
        self.seen.now.set(self.seen.now.get() + 10);
    }

    fn read_references(&mut self, _tile: u16, codes: &mut [u16]) {
        for (k, code) in codes.iter_mut().enumerate() {
            *code = 100 * k as u16;
        }
    }

    fn environment(&mut self) -> Option<Environment> {
        Some(Environment { milli_celsius: 25_000, supply_millivolts: 3300 })
    }
}

pub struct TableClock(pub Rc<Seen>);

impl Clock for TableClock {
    fn microseconds(&self) -> u64 {
        self.0.now.get()
    }

    fn wait(&mut self, microseconds: u32) {
        self.0.now.set(self.0.now.get() + u64::from(microseconds));
    }
}

#[derive(Default)]
pub struct Said(pub Vec<u8>);

impl Output for Said {
    fn send(&mut self, bytes: &[u8]) {
        self.0.extend_from_slice(bytes);
    }
}

pub type TableBoard = Firmware<'static, TableFrontEnd, TableClock>;

pub fn board() -> (TableBoard, Rc<Seen>) {
    let seen = Rc::new(Seen::default());
    let block: &'static [u8] = Box::leak(block().into_boxed_slice());
    let described = Description::read(block).expect("the description is whole");
    let front_end = TableFrontEnd { seen: seen.clone(), codes: [[500; DEVICES]; ROWS as usize] };
    let board = Board::new(front_end, TableClock(seen.clone()), described, 77);
    let memory: Box<Memory> = unsafe { Box::new_zeroed().assume_init() };
    // A memory that is all zeros is a new one: boards keep it where nothing is written at the start.
    (Firmware::new(board, Box::leak(memory)), seen)
}

/// As `lab/firmware/descriptionBlock.ts` writes it.
pub fn block() -> Vec<u8> {
    let json = br#"{"format":"mho-chip"}"#;
    let mut head = Vec::new();
    let u16s = |head: &mut Vec<u8>, values: &[u16]| values.iter().for_each(|v| head.extend(v.to_le_bytes()));
    let u32s = |head: &mut Vec<u8>, values: &[u32]| values.iter().for_each(|v| head.extend(v.to_le_bytes()));
    head.extend(b"MHOD");
    u16s(&mut head, &[1, 0]);
    u32s(&mut head, &[json.len() as u32, crc32c(json)]);
    u16s(&mut head, &[1, ROWS, 4, 2, 1024, HIGHEST_AMPLITUDE, 0xffff, 256]);
    u32s(&mut head, &[20, 5000, 5000, 100, 10_000_000, 1000]);
    u16s(&mut head, &[3, 0]);
    u32s(&mut head, &[40_000, 490, MOST_ROW_CODES]);
    u16s(&mut head, &[2, 0, 1000, 999, 1]);
    for text in ["table-1", "T-1"] {
        head.push(text.len() as u8);
        head.extend(text.as_bytes());
    }
    head.resize(508, 0);
    let check = crc32c(&head);
    head.extend(check.to_le_bytes());
    head.extend(json);
    head
}

pub fn frame(kind: u8, session: u32, tag: u32, body: &[u8]) -> Vec<u8> {
    let mut raw = vec![kind];
    raw.extend(session.to_le_bytes());
    raw.extend(tag.to_le_bytes());
    raw.extend(body);
    let check = crc32c(&raw);
    raw.extend(check.to_le_bytes());
    let mut out = vec![0; raw.len() + raw.len() / 254 + 3];
    let end = cobs::encode(&raw, &mut out, 1);
    out.truncate(end + 1);
    out[end] = 0;
    out
}

pub struct Answer {
    pub kind: u8,
    pub session: u32,
    pub tag: u32,
    pub body: Vec<u8>,
}

/// Every frame of what was said; panics where one is not whole.
pub fn answers(said: &[u8]) -> Vec<Answer> {
    said.split(|&byte| byte == 0)
        .filter(|part| !part.is_empty())
        .map(|part| {
            let mut raw = part.to_vec();
            let length = cobs::decode(&mut raw).expect("an answer is stuffed");
            let (frame, check) = raw[..length].split_at(length - 4);
            assert_eq!(check, crc32c(frame).to_le_bytes());
            let u32_at = |at: usize| u32::from_le_bytes(frame[at..at + 4].try_into().unwrap());
            Answer { kind: frame[0], session: u32_at(1), tag: u32_at(5), body: frame[9..].to_vec() }
        })
        .collect()
}

pub fn say(board: &mut TableBoard, bytes: &[u8]) -> Vec<u8> {
    let mut said = Said::default();
    board.receive(bytes, &mut said);
    said.0
}

pub fn pulse_body(ticket: u64, row: u16, width: u32, codes: &[u16]) -> Vec<u8> {
    let mut body = ticket.to_le_bytes().to_vec();
    body.extend(0u16.to_le_bytes());
    body.extend(row.to_le_bytes());
    body.push(0);
    body.extend(width.to_le_bytes());
    body.extend(0u32.to_le_bytes());
    body.extend(0u16.to_le_bytes());
    body.extend((codes.len() as u16).to_le_bytes());
    codes.iter().for_each(|code| body.extend(code.to_le_bytes()));
    body
}

pub fn tagged(session: u32, tag: u32, rest: &str) -> String {
    let check = crc32c(format!("{session},{tag};{rest}").as_bytes());
    format!("SYST:TAG? {session},{tag},#H{check:08X};{rest}\n")
}

/// Numbers that look drawn and are always the same.
pub struct Draws(pub u64);

impl Draws {
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    pub fn below(&mut self, most: u64) -> u64 {
        self.next() % most
    }
}
