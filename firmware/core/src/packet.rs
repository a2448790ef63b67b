//! The packet dialect: protocols/packet/README.md.

use crate::board::{Board, Refusal, VerifyOrder};
use crate::body::{Reader, Writer};
use crate::cobs;
use crate::crc::crc32c;
use crate::front_end::{Clock, FrontEnd, Pulse, PulseKind, MOST_DEVICES};
use crate::text::Text;
use crate::tickets::{Fate, TicketBook};
use crate::{Output, FIRMWARE_NAME};

/// Answers that are kept for requests that come again, and reports of the board's own loop.
pub const WINDOW: usize = 16;

const VERSION: u16 = 1;
const HEADER_BYTES: usize = 9;
const CHECK_BYTES: usize = 4;
const MOST_BODY: usize = 10 + 2 * MOST_DEVICES;
const RAW_BYTES: usize = HEADER_BYTES + MOST_BODY + CHECK_BYTES;
const FRAME_BYTES: usize = RAW_BYTES + RAW_BYTES / 254 + 1 + 2;
/// Of the description, in one answer.
const PART_BYTES: usize = 1024;

mod kinds {
    pub const HELLO: u8 = 0x01;
    pub const TIME: u8 = 0x02;
    pub const READ: u8 = 0x03;
    pub const PULSE: u8 = 0x04;
    pub const TICKET: u8 = 0x05;
    pub const ADVANCE: u8 = 0x06;
    pub const STANDBY: u8 = 0x07;
    pub const ENVIRONMENT: u8 = 0x09;
    pub const SELF_TEST: u8 = 0x0a;
    pub const VERIFY: u8 = 0x0b;
    pub const ABORT: u8 = 0x0c;
    pub const REFERENCES: u8 = 0x0d;
    pub const DESCRIBE: u8 = 0x0f;
    pub const ERROR: u8 = 0x7f;
    pub const REPLY: u8 = 0x80;
}

mod capabilities {
    pub const VIRTUAL_TIME: u32 = 1;
    pub const VERIFY: u32 = 4;
    pub const ENVIRONMENT: u32 = 8;
    pub const REFERENCES: u32 = 16;
    pub const DESCRIBE: u32 = 64;
}

/// Why a request is not carried out.
enum No {
    UnknownKind,
    Malformed,
    NoSession,
    StaleTicket,
    CalledOff,
    Board(Refusal),
}

impl From<Refusal> for No {
    fn from(refusal: Refusal) -> Self {
        No::Board(refusal)
    }
}

#[derive(Clone, Copy)]
struct Answer {
    /// 0: none.
    tag: u32,
    length: u16,
    bytes: [u8; FRAME_BYTES],
}

#[derive(Clone, Copy)]
struct Report {
    ticket: u64,
    at: u64,
    count: u16,
    pulses: [u8; MOST_DEVICES],
}

pub struct Packet {
    session: u32,
    newest_tag: u32,
    /// Orders under this tag were called off.
    called_off_below: u32,
    answers: [Answer; WINDOW],
    tickets: TicketBook,
    reports: [Report; WINDOW],
    next_report: usize,
}

/// An answer before it is stuffed.
pub struct Room([u8; RAW_BYTES]);

impl Room {
    pub const fn new() -> Self {
        Room([0; RAW_BYTES])
    }
}

impl Default for Room {
    fn default() -> Self {
        Self::new()
    }
}

struct Frame<'a> {
    kind: u8,
    session: u32,
    tag: u32,
    body: &'a [u8],
}

impl Packet {
    pub const fn new() -> Self {
        Packet {
            session: 0,
            newest_tag: 0,
            called_off_below: 0,
            answers: [Answer { tag: 0, length: 0, bytes: [0; FRAME_BYTES] }; WINDOW],
            tickets: TicketBook::new(),
            reports: [Report { ticket: 0, at: 0, count: 0, pulses: [0; MOST_DEVICES] }; WINDOW],
            next_report: 0,
        }
    }

    /// Takes the bytes between two zeros. Returns whether they were a frame; damage is not answered.
    pub fn take<F: FrontEnd, C: Clock>(
        &mut self,
        stuffed: &mut [u8],
        board: &mut Board<F, C>,
        room: &mut Room,
        out: &mut impl Output,
    ) -> bool {
        let Some(length) = cobs::decode(stuffed) else { return false };
        if length < HEADER_BYTES + CHECK_BYTES {
            return false;
        }
        let (frame, check) = stuffed[..length].split_at(length - CHECK_BYTES);
        if check != crc32c(frame).to_le_bytes() {
            return false;
        }
        let mut fields = Reader::new(frame);
        let (kind, session, tag) = (fields.u8(), fields.u32(), fields.u32());
        self.accept(&Frame { kind, session, tag, body: &frame[HEADER_BYTES..] }, board, room, out);
        true
    }

    fn accept<F: FrontEnd, C: Clock>(
        &mut self,
        frame: &Frame,
        board: &mut Board<F, C>,
        room: &mut Room,
        out: &mut impl Output,
    ) {
        if frame.kind == kinds::HELLO && frame.session != self.session {
            self.session = frame.session;
            self.newest_tag = 0;
            self.called_off_below = 0;
            self.answers.iter_mut().for_each(|answer| answer.tag = 0);
        }
        let known = frame.session == self.session && self.session != 0;
        let place = frame.tag as usize % WINDOW;
        if known {
            if frame.tag != 0 && self.answers[place].tag == frame.tag {
                let Answer { length, bytes, .. } = &self.answers[place];
                return out.send(&bytes[..usize::from(*length)]);
            }
            if u64::from(frame.tag) + WINDOW as u64 <= u64::from(self.newest_tag) {
                return;
            }
        }
        // A place of the ring is written even for strangers: what it held is then no longer kept.
        let length = self.answer(frame, known, board, &mut room.0, place);
        self.answers[place].length = length as u16;
        self.answers[place].tag = if known { frame.tag } else { 0 };
        if known {
            self.newest_tag = self.newest_tag.max(frame.tag);
        }
        out.send(&self.answers[place].bytes[..length]);
    }

    /// Writes the answer, stuffed, at its place.
    fn answer<F: FrontEnd, C: Clock>(
        &mut self,
        frame: &Frame,
        known: bool,
        board: &mut Board<F, C>,
        raw: &mut [u8; RAW_BYTES],
        place: usize,
    ) -> usize {
        let length = {
            let (head, body) = raw.split_at_mut(HEADER_BYTES);
            let mut writer = Writer::new(&mut body[..MOST_BODY]);
            let done = if known { self.carry_out(frame, board, &mut writer) } else { Err(No::NoSession) };
            let kind = match done {
                Ok(()) => frame.kind | kinds::REPLY,
                Err(no) => {
                    writer = Writer::new(&mut body[..MOST_BODY]);
                    refuse(frame, &no, &mut writer);
                    kinds::ERROR | kinds::REPLY
                }
            };
            let length = HEADER_BYTES + writer.len();
            Writer::new(head).u8(kind).u32(frame.session).u32(frame.tag);
            length
        };
        let check = crc32c(&raw[..length]).to_le_bytes();
        raw[length..length + CHECK_BYTES].copy_from_slice(&check);
        let bytes = &mut self.answers[place].bytes;
        // A zero before it, too, so that what is left of a cut frame does not spoil this one.
        bytes[0] = 0;
        let end = cobs::encode(&raw[..length + CHECK_BYTES], bytes, 1);
        bytes[end] = 0;
        end + 1
    }

    fn carry_out<F: FrontEnd, C: Clock>(
        &mut self,
        frame: &Frame,
        board: &mut Board<F, C>,
        reply: &mut Writer,
    ) -> Result<(), No> {
        let mut fields = Reader::new(frame.body);
        match frame.kind {
            kinds::HELLO => {
                let _version = fields.u16();
                whole(&fields)?;
                board.arm();
                self.identify(board, reply);
            }
            kinds::TIME => {
                reply.u64(board.time());
            }
            kinds::READ => {
                let (tile, row, averages) = (fields.u16(), fields.u16(), fields.u16());
                whole(&fields)?;
                let (at, codes) = board.read(tile, row, averages)?;
                reply.u64(at).u16(codes.len() as u16).words(codes);
            }
            kinds::REFERENCES => {
                let (tile, averages) = (fields.u16(), fields.u16());
                whole(&fields)?;
                let (at, codes) = board.references(tile, averages)?;
                reply.u64(at).u16(codes.len() as u16).words(codes);
            }
            kinds::PULSE => self.pulse(frame, &mut fields, board, reply)?,
            kinds::VERIFY => self.verify(frame, &mut fields, board, reply)?,
            kinds::TICKET => {
                let ticket = fields.u64();
                whole(&fields)?;
                write_fate(reply, self.tickets.fate(ticket));
            }
            kinds::ADVANCE => {
                let microseconds = fields.u64();
                whole(&fields)?;
                reply.u64(board.advance(microseconds)?);
            }
            kinds::STANDBY => board.standby(),
            kinds::ABORT => self.called_off_below = frame.tag,
            kinds::ENVIRONMENT => {
                let found = board.front_end.environment();
                let Some(found) = found else {
                    return Err(Refusal::Unsupported("this board has no sensors").into());
                };
                // Shifted by 273.15 °C, so that it has no sign.
                let shifted = (found.milli_celsius + 273_150).max(0) as u32;
                reply.u64(board.time()).u32(shifted).u16(found.supply_millivolts);
            }
            kinds::SELF_TEST => {
                reply.u64(board.front_end.self_test());
            }
            kinds::DESCRIBE => {
                let (offset, most) = (fields.u32() as usize, usize::from(fields.u16()));
                whole(&fields)?;
                let json = board.described.json;
                let rest = json.get(offset..).unwrap_or(&[]);
                let part = &rest[..rest.len().min(most).min(PART_BYTES)];
                reply.u32(json.len() as u32).u32(board.described.json_check);
                reply.u16(WINDOW as u16).u16(part.len() as u16).bytes(part);
            }
            _ => return Err(No::UnknownKind),
        }
        Ok(())
    }

    fn identify<F: FrontEnd, C: Clock>(&mut self, board: &mut Board<F, C>, reply: &mut Writer) {
        let described = board.described;
        let mut can = 0;
        for (holds, bit) in [
            (board.front_end.can_advance(), capabilities::VIRTUAL_TIME),
            (described.verifies(), capabilities::VERIFY),
            (board.front_end.environment().is_some(), capabilities::ENVIRONMENT),
            (described.references > 0, capabilities::REFERENCES),
            (!described.json.is_empty(), capabilities::DESCRIBE),
        ] {
            if holds {
                can |= bit;
            }
        }
        reply.u16(VERSION).u32(board.boot);
        reply.u16(described.tiles).u16(described.rows).u16(described.columns).u16(described.devices_per_cell);
        reply.u32(can).u64(self.tickets.newest());
        reply.text(described.name).text(FIRMWARE_NAME).text(described.serial).u16(WINDOW as u16);
    }

    fn pulse<F: FrontEnd, C: Clock>(
        &mut self,
        frame: &Frame,
        fields: &mut Reader,
        board: &mut Board<F, C>,
        reply: &mut Writer,
    ) -> Result<(), No> {
        let (ticket, tile, row, kind) = (fields.u64(), fields.u16(), fields.u16(), fields.u8());
        let (width_nanoseconds, trailing_nanoseconds, gate_code) = (fields.u32(), fields.u32(), fields.u16());
        let count = usize::from(fields.u16());
        let codes = fields.words(count);
        whole(fields)?;
        let kind = match kind {
            0 => PulseKind::Reset,
            1 => PulseKind::Set,
            _ => return Err(No::Malformed),
        };
        if let known @ Fate::Fired(_) = self.tickets.fate(ticket) {
            write_fate(reply, known);
            return Ok(());
        }
        self.may_begin(frame, ticket)?;
        let pulse = Pulse { kind, width_nanoseconds, trailing_nanoseconds, gate_code };
        let words = codes.0.chunks_exact(2).map(|pair| u16::from_le_bytes([pair[0], pair[1]]));
        let at = board.pulse(tile, row, pulse, words)?;
        self.tickets.fired(ticket, at);
        write_fate(reply, Fate::Fired(at));
        Ok(())
    }

    fn verify<F: FrontEnd, C: Clock>(
        &mut self,
        frame: &Frame,
        fields: &mut Reader,
        board: &mut Board<F, C>,
        reply: &mut Writer,
    ) -> Result<(), No> {
        let ticket = fields.u64();
        let order = VerifyOrder {
            tile: fields.u16(),
            row: fields.u16(),
            margin_codes: fields.u16(),
            iterations: fields.u16(),
            width_nanoseconds: fields.u32(),
        };
        let count = usize::from(fields.u16());
        let targets = fields.words(count);
        whole(fields)?;
        if let Some(known) = self.reports.iter().find(|report| report.count > 0 && report.ticket == ticket) {
            write_report(reply, known.at, &known.pulses[..usize::from(known.count)]);
            return Ok(());
        }
        self.may_begin(frame, ticket)?;
        let words = targets.0.chunks_exact(2).map(|pair| u16::from_le_bytes([pair[0], pair[1]]));
        let (at, pulses) = board.verify(order, words)?;
        self.tickets.fired(ticket, at);
        let report = &mut self.reports[self.next_report];
        self.next_report = (self.next_report + 1) % WINDOW;
        *report = Report { ticket, at, count: pulses.len() as u16, pulses: report.pulses };
        report.pulses[..pulses.len()].copy_from_slice(pulses);
        write_report(reply, at, pulses);
        Ok(())
    }

    fn may_begin(&self, frame: &Frame, ticket: u64) -> Result<(), No> {
        if !self.tickets.may_fire(ticket) {
            return Err(No::StaleTicket);
        }
        if frame.tag < self.called_off_below {
            return Err(No::CalledOff);
        }
        Ok(())
    }
}

impl Default for Packet {
    fn default() -> Self {
        Self::new()
    }
}

fn whole(fields: &Reader) -> Result<(), No> {
    if fields.whole() {
        Ok(())
    } else {
        Err(No::Malformed)
    }
}

fn write_fate(reply: &mut Writer, fate: Fate) {
    let (number, at) = match fate {
        Fate::NotFired => (0, 0),
        Fate::Fired(at) => (1, at),
        Fate::Unknown => (2, 0),
    };
    reply.u8(number).u64(at);
}

fn write_report(reply: &mut Writer, at: u64, pulses: &[u8]) {
    write_fate(reply, Fate::Fired(at));
    reply.u16(pulses.len() as u16).bytes(pulses);
}

fn refuse(frame: &Frame, no: &No, reply: &mut Writer) {
    let mut room = [0; 80];
    let mut text = Text::new(&mut room);
    let code = match no {
        No::UnknownKind => {
            text.push("kind ").number(u64::from(frame.kind)).push(" is unknown");
            1
        }
        No::Malformed => {
            text.push("the body of kind ").number(u64::from(frame.kind)).push(" is malformed");
            2
        }
        No::NoSession => {
            text.push("say hello first");
            3
        }
        No::StaleTicket => {
            text.push("the ticket is too old");
            6
        }
        No::CalledOff => {
            text.push("called off");
            8
        }
        No::Board(refusal) => write_refusal(*refusal, &mut text),
    };
    reply.u8(code).text(text.as_str());
}

/// Writes why the board refuses, and returns the code of this dialect.
pub fn write_refusal(refusal: Refusal, text: &mut Text) -> u8 {
    match refusal {
        Refusal::Standby => {
            text.push("in standby");
            4
        }
        Refusal::Limit(which, value) => {
            text.push(which).push(" ").number(u64::from(value));
            5
        }
        Refusal::Unsupported(why) => {
            text.push(why);
            7
        }
    }
}
