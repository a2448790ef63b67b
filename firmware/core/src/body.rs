//! Fields of a body in order, little-endian.

/// Reads fields. Past the end it gives zeros and `whole` is false.
pub struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
    damaged: bool,
}

impl<'a> Reader<'a> {
    pub fn new(bytes: &'a [u8]) -> Self {
        Reader { bytes, at: 0, damaged: false }
    }

    /// Whether all that was read was there, and nothing is left.
    pub fn whole(&self) -> bool {
        !self.damaged && self.at == self.bytes.len()
    }

    pub fn take(&mut self, count: usize) -> &'a [u8] {
        match self.bytes.get(self.at..).and_then(|rest| rest.get(..count)) {
            Some(found) if !self.damaged => {
                self.at += count;
                found
            }
            _ => {
                self.damaged = true;
                &[]
            }
        }
    }

    fn array<const N: usize>(&mut self) -> [u8; N] {
        self.take(N).try_into().unwrap_or([0; N])
    }

    pub fn u8(&mut self) -> u8 {
        self.array::<1>()[0]
    }

    pub fn u16(&mut self) -> u16 {
        u16::from_le_bytes(self.array())
    }

    pub fn u32(&mut self) -> u32 {
        u32::from_le_bytes(self.array())
    }

    /// Hosts count tickets and times in doubles: beyond 2^53 they would stand still.
    pub fn u64(&mut self) -> u64 {
        let value = u64::from_le_bytes(self.array());
        if value > MAX_SAFE {
            self.damaged = true;
        }
        value
    }

    /// Sixteen-bit words, so many of them.
    pub fn words(&mut self, count: usize) -> Words<'a> {
        Words(self.take(2 * count))
    }

    /// A text after its length.
    pub fn text(&mut self) -> &'a str {
        let length = usize::from(self.u8());
        core::str::from_utf8(self.take(length)).unwrap_or("")
    }
}

/// The largest number that a double counts one by one.
pub const MAX_SAFE: u64 = (1 << 53) - 1;

/// Little-endian words, wherever they begin.
#[derive(Clone, Copy)]
pub struct Words<'a>(pub &'a [u8]);

impl<'a> Words<'a> {
    pub fn len(&self) -> usize {
        self.0.len() / 2
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub fn iter(&self) -> impl Iterator<Item = u16> + 'a {
        self.0.chunks_exact(2).map(|pair| u16::from_le_bytes([pair[0], pair[1]]))
    }
}

/// Writes fields into a buffer that is large enough for all that is ever written.
pub struct Writer<'a> {
    bytes: &'a mut [u8],
    at: usize,
}

impl<'a> Writer<'a> {
    pub fn new(bytes: &'a mut [u8]) -> Self {
        Writer { bytes, at: 0 }
    }

    pub fn len(&self) -> usize {
        self.at
    }

    pub fn is_empty(&self) -> bool {
        self.at == 0
    }

    pub fn bytes(&mut self, bytes: &[u8]) -> &mut Self {
        self.bytes[self.at..self.at + bytes.len()].copy_from_slice(bytes);
        self.at += bytes.len();
        self
    }

    pub fn u8(&mut self, value: u8) -> &mut Self {
        self.bytes(&[value])
    }

    pub fn u16(&mut self, value: u16) -> &mut Self {
        self.bytes(&value.to_le_bytes())
    }

    pub fn u32(&mut self, value: u32) -> &mut Self {
        self.bytes(&value.to_le_bytes())
    }

    pub fn u64(&mut self, value: u64) -> &mut Self {
        self.bytes(&value.to_le_bytes())
    }

    pub fn words(&mut self, words: &[u16]) -> &mut Self {
        let room = &mut self.bytes[self.at..self.at + 2 * words.len()];
        for (pair, word) in room.chunks_exact_mut(2).zip(words) {
            pair.copy_from_slice(&word.to_le_bytes());
        }
        self.at += 2 * words.len();
        self
    }

    /// At most 255 bytes, after their count.
    pub fn text(&mut self, text: &str) -> &mut Self {
        let bytes = &text.as_bytes()[..text.len().min(255)];
        self.u8(bytes.len() as u8).bytes(bytes)
    }

    pub fn written(&self) -> &[u8] {
        &self.bytes[..self.at]
    }
}
