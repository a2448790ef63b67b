//! The scpi dialect: protocols/scpi/README.md. All that mho's driver asks, and what people ask by hand; the board's own loop is left to
//! the packet dialect.

use crate::board::Board;
use crate::crc;
use crate::front_end::{Clock, FrontEnd, Pulse, PulseKind, MOST_DEVICES, NO_CODE};
use crate::scpi_status::{Status, Wrong, OPERATION_COMPLETE};
use crate::scpi_words::{channels, decimal, header_is, split, trim, trim_start, word_is, Unit};
use crate::text::Text;
use crate::{Output, FIRMWARE_NAME};

/// Of a reply, at most: a row of 1,024 conductances.
const REPLY_BYTES: usize = 14_336;
/// Before the reply stands its tag.
const HEAD_BYTES: usize = 40;
/// Of a reply to a line without a tag, while the last tagged one is kept.
const SHORT_BYTES: usize = 256;
/// Amplitudes in one order, at most.
const MOST_VALUES: usize = 4096;
/// Of the description, in one answer.
const PART_BYTES: i64 = 1024;

#[derive(Clone, Copy, PartialEq, Eq)]
enum Format {
    Ascii,
    Integer,
    Real,
}

#[derive(Clone, Copy)]
struct Settings {
    format: Format,
    swapped: bool,
    kind: PulseKind,
    /// One less than there are.
    more_averages: u16,
    /// 0: the description's usual one.
    width_nanoseconds: u32,
    trailing_nanoseconds: u32,
    gate_code: u16,
}

/// What `*RST` brings back.
const AT_FIRST: Settings = Settings {
    format: Format::Ascii,
    swapped: false,
    kind: PulseKind::Reset,
    more_averages: 0,
    width_nanoseconds: 0,
    trailing_nanoseconds: 0,
    gate_code: 0,
};

pub struct Scpi {
    state: State,
    /// The last tagged answer, for a line that comes again.
    reply: [u8; REPLY_BYTES],
    reply_bytes: usize,
    session: u32,
    last_tag: u32,
}

struct State {
    settings: Settings,
    status: Status,
    measured_at: u64,
    amplitudes: [u16; MOST_DEVICES],
    /// As they were given, for one row or for several.
    values: [u16; MOST_VALUES],
    /// The session is to be forgotten.
    was_reset: bool,
}

struct Tag<'a> {
    session: u32,
    tag: u32,
    rest: &'a [u8],
}

impl Scpi {
    pub const fn new() -> Self {
        Scpi {
            state: State {
                settings: AT_FIRST,
                status: Status::new(),
                measured_at: 0,
                amplitudes: [0; MOST_DEVICES],
                values: [0; MOST_VALUES],
                was_reset: false,
            },
            reply: [0; REPLY_BYTES],
            reply_bytes: 0,
            session: 0,
            last_tag: 0,
        }
    }

    /// A line was too long.
    pub fn overrun(&mut self) {
        self.state.status.report(&Wrong::Number(-363));
    }

    /// Takes a line without its end.
    pub fn take<F: FrontEnd, C: Clock>(&mut self, line: &[u8], board: &mut Board<F, C>, out: &mut impl Output) {
        let line = trim_start(line);
        let Some(tagged) = after_tag_header(line) else {
            if self.session != 0 && !is_always_obeyed(trim(line)) {
                // In a session of tagged lines one without a tag is one whose tag is spoilt.
                return self.state.status.report(&Wrong::Number(101));
            }
            return self.untagged(line, board, out);
        };
        let Some(Tag { session, tag, rest }) = read_tag(tagged) else {
            return self.state.status.report(&Wrong::Number(101));
        };
        if session != self.session && tag != 1 {
            let mut room = [0; 128];
            let refusal = b"-221,\"Settings conflict;no such session\"";
            room[HEAD_BYTES..HEAD_BYTES + refusal.len()].copy_from_slice(refusal);
            let length = finish(&mut room, session, tag, refusal.len());
            return out.send(&room[..length]);
        }
        if session == self.session && tag < self.last_tag {
            return;
        }
        if session != self.session || tag > self.last_tag {
            self.session = session;
            self.last_tag = tag;
            let body = &mut self.reply[HEAD_BYTES..REPLY_BYTES - 1];
            let length = self.state.carry_out(rest, body, board);
            self.reply_bytes = finish(&mut self.reply, session, tag, length);
            self.forget_session_if_reset();
        }
        out.send(&self.reply[..self.reply_bytes]);
    }

    fn untagged<F: FrontEnd, C: Clock>(&mut self, line: &[u8], board: &mut Board<F, C>, out: &mut impl Output) {
        let mut room = [0; SHORT_BYTES];
        // The last tagged answer is kept while its session lasts.
        let buffer = if self.session == 0 { &mut self.reply[..] } else { &mut room[..] };
        let most = buffer.len() - 1;
        let length = self.state.carry_out(line, &mut buffer[..most], board);
        if length > 0 {
            buffer[length] = b'\n';
            out.send(&buffer[..=length]);
        }
        self.forget_session_if_reset();
    }

    fn forget_session_if_reset(&mut self) {
        if core::mem::replace(&mut self.state.was_reset, false) {
            self.session = 0;
            self.last_tag = 0;
        }
    }
}

impl Default for Scpi {
    fn default() -> Self {
        Self::new()
    }
}

impl State {
    /// Carries out the units of a message one after the other; a mistake in one does not stop those after it. Returns how long the
    /// replies are together.
    fn carry_out<F: FrontEnd, C: Clock>(&mut self, message: &[u8], reply: &mut [u8], board: &mut Board<F, C>) -> usize {
        let mut text = Text::new(reply);
        let mut path = [0; 64];
        let mut path_bytes = 0;
        for unit in split(message, b';') {
            // Its end may be that of a block, whose bytes are any.
            let unit = trim_start(unit);
            if unit.is_empty() {
                continue;
            }
            let end = unit.iter().position(|&byte| byte <= b' ').unwrap_or(unit.len());
            let (typed, parameters) = (&unit[..end], trim_start(&unit[end..]));
            let (name, query) = match typed.strip_suffix(b"?") {
                Some(name) => (name, true),
                None => (typed, false),
            };
            let before = text.len();
            if before > 0 {
                text.byte(b';');
            }
            let asked = text.len();
            let mut header = [0; 64];
            let done = match full_header(name, &path[..path_bytes], &mut header) {
                Some(header) => {
                    if !name.starts_with(b"*") {
                        path_bytes = header.iter().rposition(|&byte| byte == b':').map_or(0, |at| at + 1);
                        path[..path_bytes].copy_from_slice(&header[..path_bytes]);
                    }
                    if query {
                        self.ask(header, parameters, before > 0, &mut text, board)
                    } else {
                        self.order(header, parameters, board)
                    }
                }
                None => Err(Wrong::Header(name)),
            };
            let done = if text.overflowed() { Err(Wrong::Number(-223)) } else { done };
            if let Err(wrong) = &done {
                self.status.report(wrong);
            }
            if done.is_err() || text.len() == asked {
                text.truncate(before);
            }
        }
        text.len()
    }

    fn order<'m, F: FrontEnd, C: Clock>(
        &mut self,
        header: &'m [u8],
        parameters: &'m [u8],
        board: &mut Board<F, C>,
    ) -> Result<(), Wrong<'m>> {
        let is = |manual| header_is(manual, header);
        let settings = &mut self.settings;
        if is("[SOURce:]PULSe[:IMMediate]") {
            return self.pulse(parameters, board);
        } else if is("[SOURce:]PULSe:KIND") {
            settings.kind = match choice(one(parameters)?, &["RESet", "SET"])? {
                0 => PulseKind::Reset,
                _ => PulseKind::Set,
            };
        } else if is("[SOURce:]PULSe:WIDTh") {
            let limits = (board.described.min_width_nanoseconds, board.described.max_width_nanoseconds);
            settings.width_nanoseconds = nanoseconds(one(parameters)?, limits, board.described.usual_width_nanoseconds)?;
        } else if is("[SOURce:]PULSe:TRAiling") {
            settings.trailing_nanoseconds =
                nanoseconds(one(parameters)?, (0, board.described.max_trailing_nanoseconds), 0)?;
        } else if is("[SOURce:]PULSe:GATE") {
            settings.gate_code = integer(one(parameters)?, 0, 0xffff)? as u16;
        } else if is("[SENSe:]AVERage:COUNt") {
            let most = i64::from(board.described.max_averages);
            settings.more_averages = (special(one(parameters)?, 1, most, 1)? - 1) as u16;
        } else if is("OUTPut[:STATe]") {
            let parameter = one(parameters)?;
            let on = word_is(b"ON", parameter) || (!word_is(b"OFF", parameter) && integer(parameter, i64::MIN, i64::MAX)? != 0);
            if on {
                board.arm();
            } else {
                board.standby();
            }
        } else if is("ABORt") {
            none(parameters)?;
        } else if is("FORMat[:DATA]") {
            let mut given = split(parameters, b',').map(trim);
            settings.format = match choice(given.next().unwrap_or(b""), &["ASCii", "REAL", "INTeger"])? {
                0 => Format::Ascii,
                1 => Format::Real,
                _ => Format::Integer,
            };
            let bits = [0, 32, 16][match settings.format {
                Format::Ascii => 0,
                Format::Real => 1,
                Format::Integer => 2,
            }];
            if let Some(length) = given.next() {
                if integer(length, 0, 64)? != bits {
                    return Err(Wrong::Number(-224));
                }
            }
        } else if is("FORMat:BORDer") {
            settings.swapped = choice(one(parameters)?, &["NORMal", "SWAPped"])? == 1;
        } else if is("SYSTem:TIME:ADVance") {
            let time = decimal(one(parameters)?, Unit::Seconds)?.in_units_of(-6).filter(|&time| time >= 0);
            board.advance(time.ok_or(Wrong::Number(-222))? as u64)?;
        } else if is("*CLS") {
            none(parameters)?;
            self.status.clear();
        } else if is("*RST") {
            none(parameters)?;
            *settings = AT_FIRST;
            self.was_reset = true;
            board.standby();
        } else if is("*OPC") {
            none(parameters)?;
            self.status.events |= OPERATION_COMPLETE;
        } else if is("*WAI") {
            none(parameters)?;
        } else if is("*ESE") {
            self.status.events_enabled = integer(one(parameters)?, 0, 255)? as u8;
        } else if is("*SRE") {
            self.status.service_enabled = integer(one(parameters)?, 0, 255)? as u8;
        } else {
            return Err(Wrong::Header(header));
        }
        Ok(())
    }

    fn ask<'m, F: FrontEnd, C: Clock>(
        &mut self,
        header: &'m [u8],
        parameters: &'m [u8],
        reply_waits: bool,
        reply: &mut Text,
        board: &mut Board<F, C>,
    ) -> Result<(), Wrong<'m>> {
        let is = |manual| header_is(manual, header);
        if is("MEASure:CODE") {
            return self.measure(one(parameters)?, false, reply, board);
        } else if is("MEASure[:CONDuctance]") {
            return self.measure(one(parameters)?, true, reply, board);
        } else if is("MEASure:REFerence") {
            let tile = integer(one(parameters)?, 0, 0xffff)? as u16;
            let (format, swapped, averages) = (self.settings.format, self.settings.swapped, self.averages());
            let (at, codes) = board.references(tile, averages)?;
            self.measured_at = at;
            write_codes(codes.iter().copied(), codes.len(), format, swapped, reply);
            return Ok(());
        } else if is("[SENSe:]AVERage:COUNt") {
            let most = i64::from(board.described.max_averages);
            let said = if trim(parameters).is_empty() { i64::from(self.averages()) } else { special(trim(parameters), 1, most, 1)? };
            reply.signed(said);
            return Ok(());
        } else if is("[SOURce:]PULSe:WIDTh") {
            let limits = (board.described.min_width_nanoseconds, board.described.max_width_nanoseconds);
            let usual = board.described.usual_width_nanoseconds;
            let said = if trim(parameters).is_empty() { self.width(usual) } else { nanoseconds(trim(parameters), limits, usual)? };
            reply.scientific(i64::from(said), -9);
            return Ok(());
        } else if is("SYSTem:DESCription") {
            let mut given = split(parameters, b',');
            let offset = integer(given.next().unwrap_or(b""), 0, 0xffff_ffff)? as usize;
            let most = integer(given.next().ok_or(Wrong::Number(-109))?, 0, 0xffff)?.min(PART_BYTES) as usize;
            let json = described(board)?;
            let rest = json.get(offset..).unwrap_or(&[]);
            write_block(rest[..rest.len().min(most)].iter().copied(), rest.len().min(most), reply);
            return Ok(());
        }
        // What follows has no parameters.
        none(parameters)?;
        let described_chip = &board.described;
        if is("*IDN") {
            reply.push("mho,").push(described_chip.name).byte(b',').push(described_chip.serial);
            reply.byte(b',').push(FIRMWARE_NAME);
        } else if is("SYSTem:BOOT") {
            reply.number(u64::from(board.boot));
        } else if is("SYSTem:GEOMetry") {
            let d = described_chip;
            reply.number(u64::from(d.tiles)).byte(b',').number(u64::from(d.rows)).byte(b',');
            reply.number(u64::from(d.columns)).byte(b',').number(u64::from(d.devices_per_cell));
        } else if is("SYSTem:CAPability") {
            reply.byte(b'"');
            write_options(board, reply);
            reply.byte(b'"');
        } else if is("*OPT") {
            let before = reply.len();
            write_options(board, reply);
            if reply.len() == before {
                reply.byte(b'0');
            }
        } else if is("SYSTem:TIME") {
            reply.number(board.time());
        } else if is("FETCh:TIME") {
            reply.number(self.measured_at);
        } else if is("SYSTem:ERRor[:NEXT]") {
            self.status.take_error(reply);
        } else if is("SYSTem:ERRor:COUNt") {
            reply.number(self.status.errors() as u64);
        } else if is("SYSTem:VERSion") {
            reply.push("1999.0");
        } else if is("SYSTem:DESCription:SIZE") {
            let json = described(board)?;
            reply.number(json.len() as u64).push(",#H").hex(board.described.json_check);
        } else if is("OUTPut[:STATe]") {
            reply.byte(if board.armed() { b'1' } else { b'0' });
        } else if is("FORMat[:DATA]") {
            reply.push(match self.settings.format {
                Format::Ascii => "ASC",
                Format::Real => "REAL,32",
                Format::Integer => "INT,16",
            });
        } else if is("FORMat:BORDer") {
            reply.push(if self.settings.swapped { "SWAP" } else { "NORM" });
        } else if is("[SOURce:]PULSe:KIND") {
            reply.push(if self.settings.kind == PulseKind::Set { "SET" } else { "RES" });
        } else if is("[SOURce:]PULSe:TRAiling") {
            reply.scientific(i64::from(self.settings.trailing_nanoseconds), -9);
        } else if is("[SOURce:]PULSe:GATE") {
            reply.number(u64::from(self.settings.gate_code));
        } else if is("MEASure:TEMPerature") || is("MEASure:SUPPly") {
            let found = board.front_end.environment();
            let found = found.ok_or(Wrong::Said(-241, "this board has no sensors"))?;
            let milli = if is("MEASure:SUPPly") { i64::from(found.supply_millivolts) } else { i64::from(found.milli_celsius) };
            reply.scientific(milli, -3);
        } else if is("*ESR") {
            let events = self.status.take_events();
            reply.number(u64::from(events));
        } else if is("*ESE") {
            reply.number(u64::from(self.status.events_enabled));
        } else if is("*SRE") {
            reply.number(u64::from(self.status.service_enabled & !64));
        } else if is("*STB") {
            reply.number(u64::from(self.status.byte(reply_waits)));
        } else if is("*OPC") {
            reply.byte(b'1');
        } else if is("*TST") {
            reply.number(board.front_end.self_test());
        } else {
            return Err(Wrong::Header(header));
        }
        Ok(())
    }

    fn averages(&self) -> u16 {
        self.settings.more_averages + 1
    }

    fn width(&self, usual: u32) -> u32 {
        match self.settings.width_nanoseconds {
            0 => usual,
            width => width,
        }
    }

    /// Values of every device of the list, in order. A row is read once for every stretch of it that is named.
    fn measure<'m, F: FrontEnd, C: Clock>(
        &mut self,
        list: &'m [u8],
        conductances: bool,
        reply: &mut Text,
        board: &mut Board<F, C>,
    ) -> Result<(), Wrong<'m>> {
        let (format, swapped, averages) = (self.settings.format, self.settings.swapped, self.averages());
        if conductances && format == Format::Integer {
            // Rounded to whole µS it would say another conductance than was measured.
            return Err(Wrong::Said(-221, "conductances are no integers; use REAL,32"));
        }
        let width = if conductances { 4 } else { 2 };
        let devices = board.described.devices_per_row();
        let mut count = 0;
        for found in channels(list)? {
            let found = found?;
            let (first, last) = found.lines.unwrap_or((0, devices.saturating_sub(1) as u16));
            if usize::from(last) >= devices {
                return Err(Wrong::Said(-222, "there is no such line"));
            }
            count += usize::from(found.rows.1 - found.rows.0 + 1) * (usize::from(last - first) + 1);
        }
        if format != Format::Ascii {
            write_block_head(count * if format == Format::Integer { 2 } else { width.max(4) }, reply);
        }
        let mut first_value = true;
        for found in channels(list)? {
            let found = found?;
            let (first, last) = found.lines.unwrap_or((0, devices.saturating_sub(1) as u16));
            for row in found.rows.0..=found.rows.1 {
                let (step, offset) = (board.described.picosiemens_per_code, board.described.offset_codes);
                let (at, codes) = board.read(found.tile, row, averages)?;
                self.measured_at = at;
                for &code in &codes[usize::from(first)..=usize::from(last)] {
                    if format == Format::Ascii && !core::mem::replace(&mut first_value, false) {
                        reply.byte(b',');
                    }
                    if conductances {
                        // In units of 10^-6 µS.
                        let value = (i64::from(code) - i64::from(offset)) * i64::from(step);
                        match format {
                            Format::Ascii if code == NO_CODE => reply.push("9.910000E+37"),
                            Format::Ascii => reply.scientific(value, -6),
                            _ => write_real(if code == NO_CODE { 9.91e37 } else { value as f32 / 1e6 }, swapped, reply),
                        };
                    } else {
                        write_code(code, format, swapped, reply);
                    }
                }
            }
        }
        Ok(())
    }

    /// `(@0!3),amplitude…`: one for all, or one for each device that the list names, or a block of them.
    fn pulse<'m, F: FrontEnd, C: Clock>(&mut self, parameters: &'m [u8], board: &mut Board<F, C>) -> Result<(), Wrong<'m>> {
        let end = parameters.iter().position(|&byte| byte == b')').map_or(0, |at| at + 1);
        let (list, given) = parameters.split_at(end);
        let Some(given) = trim_start(given).strip_prefix(b",") else { return Err(Wrong::Number(-109)) };
        let given = trim_start(given);
        let devices = board.described.devices_per_row();
        let mut named = 0;
        for found in channels(list)? {
            let found = found?;
            let lines = found.lines.map_or(devices, |(first, last)| usize::from(last - first) + 1);
            if found.lines.is_some_and(|(_, last)| usize::from(last) >= devices) {
                return Err(Wrong::Said(-222, "there is no such line"));
            }
            named += usize::from(found.rows.1 - found.rows.0 + 1) * lines;
        }
        // Every value is looked at before anything fires.
        let (volts, nano) = (board.described.amplitude_is_volts, board.described.nano_per_amplitude_code);
        let count = match block_of(given)? {
            Some(block) => self.keep_words(block)?,
            None => self.keep_values(given, volts, nano)?,
        };
        if count != 1 && count != named {
            return Err(Wrong::Said(-108, "one value for all, or one a device"));
        }
        let values = &self.values[..count];
        let mut taken = 0;
        let mut next = || {
            let value = values[if count == 1 { 0 } else { taken }];
            taken += 1;
            value
        };
        let pulse = Pulse {
            kind: self.settings.kind,
            width_nanoseconds: self.width(board.described.usual_width_nanoseconds),
            trailing_nanoseconds: self.settings.trailing_nanoseconds,
            gate_code: self.settings.gate_code,
        };
        let mut stretches = channels(list)?.peekable();
        let amplitudes = &mut self.amplitudes[..devices];
        while let Some(found) = stretches.next() {
            let found = found?;
            for row in found.rows.0..=found.rows.1 {
                amplitudes.fill(0);
                let (first, last) = found.lines.unwrap_or((0, devices.saturating_sub(1) as u16));
                amplitudes[usize::from(first)..=usize::from(last)].fill_with(&mut next);
                // Lines of the same row that follow belong to the same pulse.
                while let Some(Ok(more)) = stretches.next_if(|more| {
                    more.is_ok_and(|more| more.lines.is_some() && found.lines.is_some() && more.tile == found.tile && more.rows.0 == row)
                }) {
                    let (first, last) = more.lines.unwrap_or((0, 0));
                    amplitudes[usize::from(first)..=usize::from(last)].fill_with(&mut next);
                }
                self.measured_at = board.pulse(found.tile, row, pulse, amplitudes.iter().copied())?;
            }
        }
        Ok(())
    }

    /// Keeps the words of a block. Returns how many there are.
    fn keep_words<'m>(&mut self, block: &[u8]) -> Result<usize, Wrong<'m>> {
        let count = block.len() / 2;
        let room = self.values.get_mut(..count).ok_or(Wrong::Number(-223))?;
        for (value, pair) in room.iter_mut().zip(block.chunks_exact(2)) {
            let pair = [pair[0], pair[1]];
            *value = if self.settings.swapped { u16::from_le_bytes(pair) } else { u16::from_be_bytes(pair) };
        }
        Ok(count)
    }

    /// Keeps amplitudes that are given one by one. Returns how many there are.
    fn keep_values<'m>(&mut self, mut given: &'m [u8], volts: bool, nano_per_code: u32) -> Result<usize, Wrong<'m>> {
        let mut count = 0;
        loop {
            // Nearly all are a few digits and nothing else.
            let (mut code, mut digits) = (0u16, 0);
            while let Some(digit) = given.get(digits).filter(|byte| byte.is_ascii_digit() && digits < 4) {
                code = code * 10 + u16::from(digit - b'0');
                digits += 1;
            }
            let after = given.get(digits).copied();
            let length = if digits > 0 && matches!(after, None | Some(b',')) {
                digits
            } else {
                let piece = split(given, b',').next().unwrap_or(b"");
                code = amplitude(piece, volts, nano_per_code)?;
                piece.len()
            };
            *self.values.get_mut(count).ok_or(Wrong::Number(-223))? = code;
            count += 1;
            match given.get(length + 1..) {
                Some(rest) => given = rest,
                None => return Ok(count),
            }
        }
    }
}

fn described<'a, F: FrontEnd, C: Clock>(board: &Board<'a, F, C>) -> Result<&'a [u8], Wrong<'static>> {
    match board.described.json {
        [] => Err(Wrong::Said(-241, "this board does not describe itself")),
        json => Ok(json),
    }
}

fn write_options<F: FrontEnd, C: Clock>(board: &mut Board<F, C>, reply: &mut Text) {
    let mut first = true;
    for (name, holds) in [
        ("ENVIRONMENT", board.front_end.environment().is_some()),
        ("REFERENCES", board.described.references > 0),
        ("DESCRIBE", !board.described.json.is_empty()),
        ("VIRTUALTIME", board.front_end.can_advance()),
    ] {
        if holds {
            if !core::mem::replace(&mut first, false) {
                reply.byte(b',');
            }
            reply.push(name);
        }
    }
}

/// A header from the root, without a leading colon.
fn full_header<'h>(name: &[u8], path: &[u8], room: &'h mut [u8; 64]) -> Option<&'h [u8]> {
    let (path, name) = match name {
        [b'*', ..] => (&b""[..], name),
        [b':', rest @ ..] => (&b""[..], rest),
        _ => (path, name),
    };
    let length = path.len() + name.len();
    let plain = name.iter().all(|byte| byte.is_ascii_alphanumeric() || b"*:_".contains(byte));
    if name.is_empty() || length > room.len() || !plain {
        return None;
    }
    room[..path.len()].copy_from_slice(path);
    room[path.len()..length].copy_from_slice(name);
    Some(&room[..length])
}

fn none(parameters: &[u8]) -> Result<(), Wrong<'static>> {
    if trim(parameters).is_empty() {
        Ok(())
    } else {
        Err(Wrong::Number(-108))
    }
}

fn one(parameters: &[u8]) -> Result<&[u8], Wrong<'static>> {
    let mut given = split(parameters, b',').map(trim);
    match (given.next(), given.next()) {
        (Some(parameter), None) if !parameter.is_empty() => Ok(parameter),
        (_, None) => Err(Wrong::Number(-109)),
        _ => Err(Wrong::Number(-108)),
    }
}

fn choice(word: &[u8], choices: &[&str]) -> Result<usize, Wrong<'static>> {
    choices.iter().position(|choice| word_is(choice.as_bytes(), word)).ok_or(Wrong::Number(-224))
}

fn integer(parameter: &[u8], least: i64, most: i64) -> Result<i64, Wrong<'static>> {
    if parameter.is_empty() {
        return Err(Wrong::Number(-109));
    }
    let value = decimal(parameter, Unit::None)?.whole();
    value.filter(|value| (least..=most).contains(value)).ok_or(Wrong::Number(-222))
}

/// A whole number, or `MIN`, `MAX`, `DEF`.
fn special(parameter: &[u8], least: i64, most: i64, usual: i64) -> Result<i64, Wrong<'static>> {
    if !parameter.first().is_some_and(u8::is_ascii_alphabetic) {
        return integer(parameter, least, most);
    }
    Ok([least, most, usual][choice(parameter, &["MINimum", "MAXimum", "DEFault"])?])
}

fn nanoseconds(parameter: &[u8], (least, most): (u32, u32), usual: u32) -> Result<u32, Wrong<'static>> {
    if parameter.first().is_some_and(u8::is_ascii_alphabetic) {
        return Ok([least, most, usual][choice(parameter, &["MINimum", "MAXimum", "DEFault"])?]);
    }
    let value = decimal(parameter, Unit::Seconds)?.in_units_of(-9);
    let value = value.filter(|&value| value >= i64::from(least) && value <= i64::from(most));
    value.map(|value| value as u32).ok_or(Wrong::Number(-222))
}

/// An amplitude code, or a current or a voltage with its unit.
fn amplitude(text: &[u8], volts: bool, nano_per_code: u32) -> Result<u16, Wrong<'static>> {
    let found = decimal(text, if volts { Unit::Volts } else { Unit::Amperes })?;
    let code = if found.has_unit {
        let per_code = i64::from(nano_per_code);
        found.in_units_of(-9).filter(|nano| *nano >= 0).map(|nano| (nano + per_code / 2) / per_code)
    } else {
        found.whole()
    };
    code.filter(|code| (0..0xffff).contains(code)).map(|code| code as u16).ok_or(Wrong::Number(-222))
}

/// The bytes of `#3512…`, where a block was given.
fn block_of(given: &[u8]) -> Result<Option<&[u8]>, Wrong<'static>> {
    let [b'#', digits @ b'1'..=b'9', rest @ ..] = given else { return Ok(None) };
    let wrong = || Wrong::Number(-161);
    let count = usize::from(digits - b'0');
    let (length, bytes) = (rest.get(..count).ok_or_else(wrong)?, &rest[count..]);
    let length = length.iter().try_fold(0usize, |sum, digit| {
        digit.is_ascii_digit().then(|| sum * 10 + usize::from(digit - b'0'))
    });
    match length {
        Some(length) if length <= bytes.len() && length % 2 == 0 && trim(&bytes[length..]).is_empty() => {
            Ok(Some(&bytes[..length]))
        }
        _ => Err(wrong()),
    }
}

fn write_block_head(bytes: usize, reply: &mut Text) {
    let mut room = [0; 12];
    let mut digits = Text::new(&mut room);
    digits.number(bytes as u64);
    reply.byte(b'#').number(digits.len() as u64).raw(digits.written());
}

fn write_block(bytes: impl Iterator<Item = u8>, count: usize, reply: &mut Text) {
    write_block_head(count, reply);
    bytes.for_each(|byte| {
        reply.byte(byte);
    });
}

fn write_codes(codes: impl Iterator<Item = u16>, count: usize, format: Format, swapped: bool, reply: &mut Text) {
    if format != Format::Ascii {
        write_block_head(count * if format == Format::Real { 4 } else { 2 }, reply);
    }
    for (k, code) in codes.enumerate() {
        if format == Format::Ascii && k > 0 {
            reply.byte(b',');
        }
        write_code(code, format, swapped, reply);
    }
}

fn write_code(code: u16, format: Format, swapped: bool, reply: &mut Text) {
    match format {
        Format::Ascii => reply.number(u64::from(code)),
        Format::Real => write_real(f32::from(code), swapped, reply),
        Format::Integer => {
            let code = code.min(32_767);
            reply.raw(&if swapped { code.to_le_bytes() } else { code.to_be_bytes() })
        }
    };
}

fn write_real<'r, 'b>(value: f32, swapped: bool, reply: &'r mut Text<'b>) -> &'r mut Text<'b> {
    reply.raw(&if swapped { value.to_le_bytes() } else { value.to_be_bytes() })
}

/// Questions who is there, and whatever makes the chip safe.
fn is_always_obeyed(line: &[u8]) -> bool {
    let line = line.strip_prefix(b":").unwrap_or(line);
    [&b"*IDN?"[..], b"*RST", b"ABOR", b"OUTP OFF", b"OUTP 0"].iter().any(|known| line.eq_ignore_ascii_case(known))
}

/// What follows `SYST:TAG?`.
fn after_tag_header(line: &[u8]) -> Option<&[u8]> {
    let line = line.strip_prefix(b":").unwrap_or(line);
    [&b"SYST:TAG?"[..], b"SYSTEM:TAG?"]
        .iter()
        .find(|header| line.get(..header.len()).is_some_and(|start| start.eq_ignore_ascii_case(header)))
        .map(|header| trim(&line[header.len()..]))
}

/// `session,tag,#Hcheck;` and the rest, where the check is right.
fn read_tag(bytes: &[u8]) -> Option<Tag<'_>> {
    let mut at = 0;
    let mut numbers = [0u32; 2];
    for number in &mut numbers {
        let start = at;
        let mut value = 0u64;
        while let Some(digit) = bytes.get(at).filter(|byte| byte.is_ascii_digit()) {
            value = value * 10 + u64::from(digit - b'0');
            at += 1;
            if at - start > 10 {
                return None;
            }
        }
        if at == start || bytes.get(at) != Some(&b',') {
            return None;
        }
        *number = u32::try_from(value).ok()?;
        at += 1;
    }
    let rest = bytes.get(at..)?;
    let (head, rest) = (rest.get(..11)?, &rest[11..]);
    let digits = head.strip_prefix(b"#H").or_else(|| head.strip_prefix(b"#h"))?.strip_suffix(b";")?;
    let check = digits.iter().try_fold(0u32, |sum, &digit| Some(sum << 4 | char::from(digit).to_digit(16)?))?;
    let [session, tag] = numbers;
    (check_of(session, tag, rest) == check).then_some(Tag { session, tag, rest })
}

fn check_of(session: u32, tag: u32, rest: &[u8]) -> u32 {
    let mut room = [0; 24];
    let mut head = Text::new(&mut room);
    head.number(u64::from(session)).byte(b',').number(u64::from(tag)).byte(b';');
    !crc::update(crc::update(!0, head.written()), rest)
}

/// Puts the tag before a reply that stands at `HEAD_BYTES`, and a line feed after it. Returns how long all is.
fn finish(buffer: &mut [u8], session: u32, tag: u32, length: usize) -> usize {
    let check = check_of(session, tag, &buffer[HEAD_BYTES..HEAD_BYTES + length]);
    let mut room = [0; HEAD_BYTES];
    let mut head = Text::new(&mut room);
    head.number(u64::from(session)).byte(b',').number(u64::from(tag)).push(",#H").hex(check).byte(b';');
    buffer[..head.len()].copy_from_slice(head.written());
    buffer.copy_within(HEAD_BYTES..HEAD_BYTES + length, head.len());
    buffer[head.len() + length] = b'\n';
    head.len() + length + 1
}
