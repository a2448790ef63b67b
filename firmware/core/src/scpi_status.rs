//! The error queue and the registers of IEEE 488.2.

use crate::board::Refusal;
use crate::packet::write_refusal;
use crate::text::Text;

const ERRORS_KEPT: usize = 20;
const DETAIL_BYTES: usize = 48;

/// Why a unit of a message is not carried out.
pub enum Wrong<'m> {
    Number(i16),
    Said(i16, &'static str),
    Header(&'m [u8]),
    Board(Refusal),
}

impl From<i16> for Wrong<'_> {
    fn from(number: i16) -> Self {
        Wrong::Number(number)
    }
}

impl From<Refusal> for Wrong<'_> {
    fn from(refusal: Refusal) -> Self {
        Wrong::Board(refusal)
    }
}

#[derive(Clone, Copy)]
struct Reported {
    number: i16,
    length: u8,
    detail: [u8; DETAIL_BYTES],
}

/// Memory that is all zeros is one in which nothing has happened.
pub struct Status {
    errors: [Reported; ERRORS_KEPT],
    count: usize,
    /// The standard event register; reading clears it.
    pub events: u8,
    pub events_enabled: u8,
    pub service_enabled: u8,
}

pub const OPERATION_COMPLETE: u8 = 1;
pub const POWER_ON: u8 = 128;
const QUERY_ERROR: u8 = 4;
const DEVICE_ERROR: u8 = 8;
const EXECUTION_ERROR: u8 = 16;
const COMMAND_ERROR: u8 = 32;

impl Status {
    pub const fn new() -> Self {
        let none = Reported { number: 0, length: 0, detail: [0; DETAIL_BYTES] };
        Status { errors: [none; ERRORS_KEPT], count: 0, events: 0, events_enabled: 0, service_enabled: 0 }
    }

    /// Books an error: the queue, and the bit of its class.
    pub fn report(&mut self, wrong: &Wrong) {
        let mut detail = [0; DETAIL_BYTES];
        let mut text = Text::new(&mut detail);
        let number = match wrong {
            Wrong::Number(number) => *number,
            Wrong::Said(number, why) => {
                text.push(why);
                *number
            }
            Wrong::Header(header) => {
                for &byte in header.iter().take(DETAIL_BYTES) {
                    text.byte(if (b' '..0x7f).contains(&byte) && byte != b'"' { byte } else { b'?' });
                }
                -113
            }
            Wrong::Board(Refusal::Standby) => {
                text.push("output is off");
                -221
            }
            Wrong::Board(refusal) => match write_refusal(*refusal, &mut text) {
                5 => -222,
                _ => -241,
            },
        };
        let length = text.len() as u8;
        self.events |= match number {
            -199..=-100 => COMMAND_ERROR,
            -299..=-200 => EXECUTION_ERROR,
            -499..=-400 => QUERY_ERROR,
            _ => DEVICE_ERROR,
        };
        if self.count < ERRORS_KEPT {
            self.errors[self.count] = Reported { number, length, detail };
            self.count += 1;
        } else {
            self.errors[ERRORS_KEPT - 1] = Reported { number: -350, length: 0, detail };
        }
    }

    pub fn errors(&self) -> usize {
        self.count
    }

    /// Writes the oldest error and forgets it.
    pub fn take_error(&mut self, reply: &mut Text) {
        if self.count == 0 {
            reply.push("0,\"No error\"");
            return;
        }
        let Reported { number, length, detail } = self.errors[0];
        self.errors.copy_within(1..self.count, 0);
        self.count -= 1;
        reply.signed(i64::from(number)).push(",\"").push(words(number));
        if length > 0 {
            reply.byte(b';').raw(&detail[..usize::from(length)]);
        }
        reply.byte(b'"');
    }

    pub fn take_events(&mut self) -> u8 {
        core::mem::replace(&mut self.events, 0)
    }

    pub fn byte(&self, reply_waits: bool) -> u8 {
        let queue = if self.count > 0 { 4 } else { 0 };
        let message = if reply_waits { 16 } else { 0 };
        let events = if self.events & self.events_enabled != 0 { 32 } else { 0 };
        let bits = queue | message | events;
        bits | if bits & self.service_enabled & !64 != 0 { 64 } else { 0 }
    }

    /// `*CLS`.
    pub fn clear(&mut self) {
        self.events = 0;
        self.count = 0;
    }
}

impl Default for Status {
    fn default() -> Self {
        Self::new()
    }
}

fn words(number: i16) -> &'static str {
    match number {
        -102 => "Syntax error",
        -104 => "Data type error",
        -108 => "Parameter not allowed",
        -109 => "Missing parameter",
        -113 => "Undefined header",
        -131 => "Invalid suffix",
        -161 => "Invalid block data",
        -171 => "Invalid expression",
        -221 => "Settings conflict",
        -222 => "Data out of range",
        -223 => "Too much data",
        -224 => "Illegal parameter value",
        -241 => "Hardware missing",
        -350 => "Queue overflow",
        -363 => "Input buffer overrun",
        101 => "Line damaged",
        _ => "Error",
    }
}
