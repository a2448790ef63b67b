//! A text that is put together without a heap.

pub struct Text<'a> {
    bytes: &'a mut [u8],
    length: usize,
    overflowed: bool,
}

impl<'a> Text<'a> {
    pub fn new(bytes: &'a mut [u8]) -> Self {
        Text { bytes, length: 0, overflowed: false }
    }

    /// What does not fit is cut off.
    pub fn push(&mut self, text: &str) -> &mut Self {
        self.raw(text.as_bytes())
    }

    pub fn raw(&mut self, bytes: &[u8]) -> &mut Self {
        let count = bytes.len().min(self.bytes.len() - self.length);
        self.overflowed |= count < bytes.len();
        self.bytes[self.length..self.length + count].copy_from_slice(&bytes[..count]);
        self.length += count;
        self
    }

    pub fn byte(&mut self, byte: u8) -> &mut Self {
        self.raw(&[byte])
    }

    pub fn number(&mut self, mut value: u64) -> &mut Self {
        let mut digits = [0; 20];
        let mut at = digits.len();
        // 32-bit divisions are short on this processor; 64-bit ones are not.
        while value > u64::from(u32::MAX) {
            at -= 1;
            digits[at] = b'0' + (value % 10) as u8;
            value /= 10;
        }
        let mut small = value as u32;
        while (10..0x1_0000).contains(&small) {
            // A tenth, without a division: exact below 2^16.
            let tenth = (small * 0xcccd) >> 19;
            at -= 1;
            digits[at] = b'0' + (small - 10 * tenth) as u8;
            small = tenth;
        }
        loop {
            at -= 1;
            digits[at] = b'0' + (small % 10) as u8;
            small /= 10;
            if small == 0 {
                break;
            }
        }
        self.raw(&digits[at..])
    }

    pub fn signed(&mut self, value: i64) -> &mut Self {
        if value < 0 {
            self.byte(b'-');
        }
        self.number(value.unsigned_abs())
    }

    /// Eight digits.
    pub fn hex(&mut self, value: u32) -> &mut Self {
        for k in (0..8).rev() {
            self.byte(b"0123456789ABCDEF"[(value >> (4 * k)) as usize & 15]);
        }
        self
    }

    /// `mantissa × 10^exponent` as `1.234560E-05`, with six decimals.
    pub fn scientific(&mut self, mantissa: i64, exponent: i32) -> &mut Self {
        if mantissa < 0 {
            self.byte(b'-');
        }
        let mut value = mantissa.unsigned_abs();
        let mut power = exponent + 6;
        if value == 0 {
            return self.push("0.000000E+0");
        }
        while value >= 10_000_000 {
            let last = value >= 100_000_000;
            value = if last { value / 10 } else { (value + 5) / 10 };
            power += 1;
        }
        while value < 1_000_000 {
            value *= 10;
            power -= 1;
        }
        self.number(value / 1_000_000).byte(b'.');
        let decimals = value % 1_000_000;
        let mut unit = 100_000;
        while unit > 0 {
            self.byte(b'0' + (decimals / unit % 10) as u8);
            unit /= 10;
        }
        self.byte(b'E').byte(if power < 0 { b'-' } else { b'+' });
        self.number(u64::from(power.unsigned_abs()))
    }

    pub fn len(&self) -> usize {
        self.length
    }

    pub fn is_empty(&self) -> bool {
        self.length == 0
    }

    /// Whether something was cut off since this was asked last.
    pub fn overflowed(&mut self) -> bool {
        core::mem::replace(&mut self.overflowed, false)
    }

    pub fn truncate(&mut self, length: usize) {
        self.length = self.length.min(length);
    }

    pub fn written(&self) -> &[u8] {
        &self.bytes[..self.length]
    }

    pub fn as_str(&self) -> &str {
        core::str::from_utf8(self.written()).unwrap_or("")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(write: impl Fn(&mut Text)) -> std::string::String {
        let mut room = [0; 64];
        let mut text = Text::new(&mut room);
        write(&mut text);
        text.as_str().into()
    }

    #[test]
    fn numbers_are_written_as_programs_read_them() {
        assert_eq!(said(|t| { t.number(0).byte(b' ').number(u64::MAX); }), "0 18446744073709551615");
        for value in 0..70_000u64 {
            assert_eq!(said(|t| { t.number(value); }), std::format!("{value}"));
        }
        assert_eq!(said(|t| { t.scientific(1234567, -9); }), "1.234567E-3");
        assert_eq!(said(|t| { t.scientific(40, -3); }), "4.000000E-2");
        assert_eq!(said(|t| { t.scientific(-25, 0); }), "-2.500000E+1");
        assert_eq!(said(|t| { t.scientific(99_999_999, 0); }), "1.000000E+8");
        assert_eq!(said(|t| { t.hex(0xe3069283); }), "E3069283");
    }
}
