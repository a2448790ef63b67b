//! Cuts what comes in into frames of the packet dialect and lines of SCPI. A board knows by itself which of them its host speaks.
//!
//! After a zero, or at the start, comes a frame: its second byte is its kind or lies among its stuffing, and a kind is never a
//! printable character. A line of SCPI is printable throughout and ends with LF or CR. So bytes that are printable from a zero to the
//! end of a line are a line, and a zero outside of a block begins a frame.

use crate::scpi_lexer::Lexer;

pub const LINE_BYTES: usize = 16_384;
const FRAME_BYTES: usize = 8192;

#[derive(Clone, Copy, PartialEq, Eq)]
enum Mode {
    Frames,
    Lines,
}

pub enum Found {
    Nothing,
    /// So many bytes between two zeros.
    Frame(usize),
    /// So many bytes before the end of a line.
    Line(usize),
    /// A line was longer than is kept.
    LongLine,
}

pub struct LineReader {
    pub bytes: [u8; LINE_BYTES],
    length: usize,
    overrun: bool,
    /// Not every byte since the last zero could stand in a line of SCPI.
    binary: bool,
    /// Of them, those that end no line.
    characters: usize,
    mode: Mode,
    lexer: Lexer,
}

impl LineReader {
    pub const fn new() -> Self {
        LineReader {
            bytes: [0; LINE_BYTES],
            length: 0,
            overrun: false,
            binary: false,
            characters: 0,
            mode: Mode::Frames,
            lexer: Lexer::new(),
        }
    }

    /// Forgets what is half there: the port was closed.
    pub fn reset(&mut self) {
        self.begin();
        self.mode = Mode::Frames;
    }

    /// Takes what it can of some bytes. Returns how many that were, and what ended with them.
    pub fn push(&mut self, bytes: &[u8]) -> (usize, Found) {
        if self.mode == Mode::Frames && self.binary {
            // Within a frame nothing but its end matters.
            let run = bytes.iter().position(|&byte| byte == 0).unwrap_or(bytes.len());
            if run > 0 {
                self.keep_all(&bytes[..run], FRAME_BYTES);
                return (run, Found::Nothing);
            }
        }
        if self.mode == Mode::Lines && self.lexer.is_plain() {
            let run = bytes.iter().position(|&byte| byte < b' ' || byte == b'#' || byte == b'"' || byte == b'\'').unwrap_or(bytes.len());
            if run > 0 {
                self.keep_all(&bytes[..run], LINE_BYTES);
                return (run, Found::Nothing);
            }
        }
        (1, self.push_one(bytes[0]))
    }

    fn push_one(&mut self, byte: u8) -> Found {
        match self.mode {
            Mode::Frames => self.in_frames(byte),
            Mode::Lines => self.in_lines(byte),
        }
    }

    fn in_frames(&mut self, byte: u8) -> Found {
        if byte == 0 {
            let (length, overrun) = (self.length, self.overrun);
            self.begin();
            return if length == 0 || overrun { Found::Nothing } else { Found::Frame(length) };
        }
        let ends_line = byte == b'\n' || byte == b'\r';
        if ends_line && !self.binary && self.characters >= 2 && !self.overrun {
            self.mode = Mode::Lines;
            let length = self.length;
            self.begin();
            return Found::Line(length);
        }
        self.binary |= !((b' '..0x7f).contains(&byte) || byte == b'\t' || ends_line);
        if !ends_line {
            self.characters += 1;
        }
        self.keep(byte, if self.binary { FRAME_BYTES } else { LINE_BYTES });
        Found::Nothing
    }

    fn in_lines(&mut self, byte: u8) -> Found {
        if self.lexer.in_block() {
            self.lexer.follow(byte);
            self.keep(byte, LINE_BYTES);
            return Found::Nothing;
        }
        match byte {
            0 => {
                self.begin();
                self.mode = Mode::Frames;
                Found::Nothing
            }
            b'\n' | b'\r' => {
                let (length, overrun) = (self.length, self.overrun);
                self.begin();
                if overrun {
                    Found::LongLine
                } else if length == 0 {
                    Found::Nothing
                } else {
                    Found::Line(length)
                }
            }
            _ => {
                self.lexer.follow(byte);
                self.keep(byte, LINE_BYTES);
                Found::Nothing
            }
        }
    }

    fn begin(&mut self) {
        self.length = 0;
        self.overrun = false;
        self.binary = false;
        self.characters = 0;
        self.lexer = Lexer::new();
    }

    fn keep_all(&mut self, bytes: &[u8], most: usize) {
        if self.length + bytes.len() > most || self.overrun {
            self.overrun = true;
        } else {
            self.bytes[self.length..self.length + bytes.len()].copy_from_slice(bytes);
            self.length += bytes.len();
        }
    }

    fn keep(&mut self, byte: u8, most: usize) {
        if self.length >= most || self.overrun {
            self.overrun = true;
        } else {
            self.bytes[self.length] = byte;
            self.length += 1;
        }
    }
}

impl Default for LineReader {
    fn default() -> Self {
        Self::new()
    }
}
