//! What a board of mho's dialects does, without a board: bytes in, bytes out, over a front end and a clock.
//! firmware/README.md tells how a board is made of it.

#![cfg_attr(not(test), no_std)]

#[cfg(test)]
extern crate std;

pub mod board;
pub mod body;
pub mod cobs;
pub mod crc;
pub mod description;
pub mod front_end;
pub mod line;
pub mod packet;
pub mod scpi;
pub mod scpi_lexer;
pub mod scpi_status;
pub mod scpi_words;
pub mod text;
pub mod tickets;

use board::Board;
use front_end::{Clock, FrontEnd};
use line::{Found, LineReader};

/// How the firmware calls itself.
pub const FIRMWARE_NAME: &str = concat!("mho-firmware ", env!("CARGO_PKG_VERSION"));

/// Where answers go.
pub trait Output {
    fn send(&mut self, bytes: &[u8]);
}

/// What both dialects keep between messages. It is large: a board keeps it in a static.
pub struct Memory {
    reader: LineReader,
    packet: packet::Packet,
    scpi: scpi::Scpi,
    room: packet::Room,
}

impl Memory {
    pub const fn new() -> Self {
        Memory {
            reader: LineReader::new(),
            packet: packet::Packet::new(),
            scpi: scpi::Scpi::new(),
            room: packet::Room::new(),
        }
    }
}

impl Default for Memory {
    fn default() -> Self {
        Self::new()
    }
}

/// A whole board: give it what comes over the line, and call `tick` a few times a second.
pub struct Firmware<'a, F: FrontEnd, C: Clock> {
    pub board: Board<'a, F, C>,
    memory: &'a mut Memory,
}

impl<'a, F: FrontEnd, C: Clock> Firmware<'a, F, C> {
    pub fn new(board: Board<'a, F, C>, memory: &'a mut Memory) -> Self {
        Firmware { board, memory }
    }

    pub fn receive(&mut self, bytes: &[u8], out: &mut impl Output) {
        self.board.heard();
        let Memory { reader, packet, scpi, room } = &mut *self.memory;
        let mut rest = bytes;
        while !rest.is_empty() {
            let (taken, found) = reader.push(rest);
            rest = &rest[taken..];
            match found {
                Found::Nothing => {}
                Found::Frame(length) => {
                    packet.take(&mut reader.bytes[..length], &mut self.board, room, out);
                }
                Found::Line(length) => scpi.take(&reader.bytes[..length], &mut self.board, out),
                Found::LongLine => scpi.overrun(),
            }
        }
    }

    /// The port was closed or opened: what is half there will not go on.
    pub fn line_changed(&mut self) {
        self.memory.reader.reset();
    }

    /// The watchdog of the host.
    pub fn tick(&mut self) {
        self.board.tick();
    }
}
