//! Where in a message a byte stands: in a string, in a definite-length block (IEEE 488.2, 7.7.6), or in neither.

use crate::line::LINE_BYTES;

#[derive(Clone, Copy)]
pub struct Lexer {
    quote: u8,
    saw_hash: bool,
    /// Digits of a block's length that are still to come.
    digits: u8,
    length: u32,
    block: u32,
}

impl Lexer {
    pub const fn new() -> Self {
        Lexer { quote: 0, saw_hash: false, digits: 0, length: 0, block: 0 }
    }

    /// Whether the next byte is one of a block's, whatever it is.
    pub fn in_block(&self) -> bool {
        self.block > 0
    }

    pub fn in_string(&self) -> bool {
        self.quote != 0
    }

    /// Whether it stands in nothing: bytes that begin nothing may be passed over.
    pub fn is_plain(&self) -> bool {
        self.quote == 0 && !self.saw_hash && self.digits == 0 && self.block == 0
    }

    pub fn follow(&mut self, byte: u8) {
        if self.block > 0 {
            self.block -= 1;
            return;
        }
        if self.digits > 0 {
            if byte.is_ascii_digit() {
                self.length = self.length * 10 + u32::from(byte - b'0');
                self.digits -= 1;
                // A block that cannot fit is not waited for.
                if self.digits == 0 && self.length < LINE_BYTES as u32 {
                    self.block = self.length;
                }
                return;
            }
            self.digits = 0;
        }
        if self.saw_hash && (b'1'..=b'9').contains(&byte) {
            self.digits = byte - b'0';
            self.length = 0;
        }
        self.saw_hash = byte == b'#' && self.quote == 0;
        if self.quote == 0 && (byte == b'"' || byte == b'\'') {
            self.quote = byte;
        } else if byte == self.quote {
            self.quote = 0;
        }
    }
}

impl Default for Lexer {
    fn default() -> Self {
        Self::new()
    }
}
