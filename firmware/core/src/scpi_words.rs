//! Headers, numbers and channel lists of SCPI, over slices: nothing is copied.

use crate::scpi_lexer::Lexer;

/// A number of SCPI's: why a message is not carried out.
pub type Mistake = i16;

/// Whether a header is what a manual writes as `[SOURce:]PULSe[:IMMediate]`: short or long forms, any case.
pub fn header_is(manual: &str, header: &[u8]) -> bool {
    matches(manual.as_bytes(), header, true)
}

fn matches(manual: &[u8], header: &[u8], first: bool) -> bool {
    let Some(&next) = manual.first() else { return header.is_empty() };
    if next == b'[' {
        let end = manual.iter().position(|&byte| byte == b']').unwrap_or(manual.len() - 1);
        let (inside, after) = (&manual[1..end], &manual[end + 1..]);
        // `[SOURce:]` stands before what follows, `[:IMMediate]` after what went before.
        if inside.last() == Some(&b':') {
            if let Some(rest) = node(&inside[..inside.len() - 1], header) {
                if let Some(rest) = rest.strip_prefix(b":") {
                    if matches(after, rest, true) {
                        return true;
                    }
                }
            }
            return matches(after, header, first);
        }
        if let Some(rest) = header.strip_prefix(b":").and_then(|rest| node(&inside[1..], rest)) {
            if matches(after, rest, false) {
                return true;
            }
        }
        return matches(after, header, false);
    }
    if next == b':' {
        return header.strip_prefix(b":").is_some_and(|rest| matches(&manual[1..], rest, true));
    }
    let end = manual.iter().position(|&byte| byte == b':' || byte == b'[').unwrap_or(manual.len());
    node(&manual[..end], header).is_some_and(|rest| matches(&manual[end..], rest, false))
}

/// What is left of a header after one node of it.
fn node<'a>(manual: &[u8], header: &'a [u8]) -> Option<&'a [u8]> {
    let end = header.iter().position(|&byte| byte == b':').unwrap_or(header.len());
    let (word, rest) = header.split_at(end);
    word_is(manual, word).then_some(rest)
}

/// Whether a word is `NORMal`, in its short or its long form.
pub fn word_is(manual: &[u8], word: &[u8]) -> bool {
    let short = manual.iter().position(u8::is_ascii_lowercase).unwrap_or(manual.len());
    word.eq_ignore_ascii_case(manual) || word.eq_ignore_ascii_case(&manual[..short])
}

/// Splits at a byte that stands outside of strings, blocks and brackets.
pub struct Split<'a> {
    rest: Option<&'a [u8]>,
    at: u8,
}

pub fn split(bytes: &[u8], at: u8) -> Split<'_> {
    Split { rest: Some(bytes), at }
}

impl<'a> Iterator for Split<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        let rest = self.rest?;
        // Most pieces hold nothing in which another rule holds.
        // A list in brackets holds commas, and no semicolons.
        let bracket = if self.at == b',' { b'(' } else { self.at };
        let special = |byte| byte == self.at || byte == bracket || byte == b'"' || byte == b'\'' || byte == b'#';
        if let Some(end) = rest.iter().position(|&byte| special(byte)) {
            if rest[end] == self.at {
                self.rest = Some(&rest[end + 1..]);
                return Some(&rest[..end]);
            }
        } else {
            self.rest = None;
            return Some(rest);
        }
        let mut lexer = Lexer::new();
        let mut depth = 0u8;
        for (k, &byte) in rest.iter().enumerate() {
            let plain = !lexer.in_block() && !lexer.in_string();
            if plain && byte == self.at && depth == 0 {
                self.rest = Some(&rest[k + 1..]);
                return Some(&rest[..k]);
            }
            if plain && byte == b'(' {
                depth = depth.saturating_add(1);
            } else if plain && byte == b')' {
                depth = depth.saturating_sub(1);
            }
            lexer.follow(byte);
        }
        self.rest = None;
        Some(rest)
    }
}

pub fn trim_start(mut bytes: &[u8]) -> &[u8] {
    while let [first, rest @ ..] = bytes {
        if *first > b' ' {
            break;
        }
        bytes = rest;
    }
    bytes
}

pub fn trim(bytes: &[u8]) -> &[u8] {
    let mut bytes = trim_start(bytes);
    while let [rest @ .., last] = bytes {
        if *last > b' ' {
            break;
        }
        bytes = rest;
    }
    bytes
}

/// What a number may be followed by.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    None,
    Seconds,
    Amperes,
    Volts,
}

/// A decimal number: mantissa × 10^exponent, and whether a unit stood after it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Decimal {
    pub mantissa: i64,
    pub exponent: i32,
    pub has_unit: bool,
}

impl Decimal {
    /// In units of 10^exponent, rounded half away from zero; nothing where it does not fit.
    pub fn in_units_of(self, exponent: i32) -> Option<i64> {
        let mut shift = self.exponent - exponent;
        let mut value = self.mantissa;
        while shift > 0 {
            if value == 0 {
                return Some(0);
            }
            value = value.checked_mul(10)?;
            shift -= 1;
        }
        let mut last = 0;
        while shift < 0 {
            if value == 0 && last == 0 {
                return Some(0);
            }
            last = value % 10;
            value /= 10;
            shift += 1;
        }
        Some(value + if last >= 5 { 1 } else if last <= -5 { -1 } else { 0 })
    }

    pub fn whole(self) -> Option<i64> {
        self.in_units_of(0)
    }
}

/// Reads `1.5E-3 US`, or `#H1F`.
pub fn decimal(bytes: &[u8], unit: Unit) -> Result<Decimal, Mistake> {
    let bytes = trim(bytes);
    if let Some(found) = non_decimal(bytes) {
        return found;
    }
    let mut at = 0;
    let mut negative = false;
    if let Some(sign @ (b'+' | b'-')) = bytes.first() {
        negative = *sign == b'-';
        at = 1;
    }
    let (mut mantissa, mut exponent, mut digits, mut point) = (0i64, 0i32, 0, false);
    while let Some(&byte) = bytes.get(at) {
        if byte == b'.' && !point {
            point = true;
        } else if byte.is_ascii_digit() {
            digits += 1;
            if mantissa < 100_000_000_000_000_000 {
                mantissa = mantissa * 10 + i64::from(byte - b'0');
                exponent -= i32::from(point);
            } else {
                // Digits beyond the eighteenth only move the point.
                exponent += i32::from(!point);
            }
        } else {
            break;
        }
        at += 1;
    }
    if digits == 0 {
        return Err(-104i16);
    }
    if let Some((more, end)) = exponent_at(bytes, at) {
        exponent = exponent.saturating_add(more);
        at = end;
    }
    let suffix = trim(&bytes[at..]);
    let scale = if suffix.is_empty() { Some(0) } else { scale_of(suffix, unit) };
    let scale = scale.ok_or(-131i16)?;
    let mantissa = if negative { -mantissa } else { mantissa };
    Ok(Decimal { mantissa, exponent: exponent.saturating_add(scale), has_unit: !suffix.is_empty() })
}

fn non_decimal(bytes: &[u8]) -> Option<Result<Decimal, Mistake>> {
    let [b'#', letter, digits @ ..] = bytes else { return None };
    let base = match letter.to_ascii_uppercase() {
        b'H' => 16,
        b'Q' => 8,
        b'B' => 2,
        _ => return None,
    };
    let text = core::str::from_utf8(digits).unwrap_or("?");
    let value = u32::from_str_radix(text, base).map_err(|_| -104);
    Some(value.map(|value| Decimal { mantissa: i64::from(value), exponent: 0, has_unit: false }))
}

/// An exponent, and the place after it. `E` may also begin a unit.
fn exponent_at(bytes: &[u8], at: usize) -> Option<(i32, usize)> {
    let mut k = at;
    while bytes.get(k) == Some(&b' ') {
        k += 1;
    }
    if !bytes.get(k)?.eq_ignore_ascii_case(&b'E') {
        return None;
    }
    k += 1;
    while bytes.get(k) == Some(&b' ') {
        k += 1;
    }
    let negative = bytes.get(k) == Some(&b'-');
    if matches!(bytes.get(k), Some(b'+' | b'-')) {
        k += 1;
    }
    let start = k;
    let mut value = 0i32;
    while let Some(digit) = bytes.get(k).filter(|byte| byte.is_ascii_digit()) {
        value = value.saturating_mul(10).saturating_add(i32::from(digit - b'0')).min(1000);
        k += 1;
    }
    (k > start).then_some((if negative { -value } else { value }, k))
}

fn scale_of(suffix: &[u8], unit: Unit) -> Option<i32> {
    let name = match unit {
        Unit::None => return None,
        Unit::Seconds => b'S',
        Unit::Amperes => b'A',
        Unit::Volts => b'V',
    };
    let (last, prefix) = suffix.split_last()?;
    if last.to_ascii_uppercase() != name {
        return None;
    }
    [("EX", 18), ("PE", 15), ("T", 12), ("G", 9), ("MA", 6), ("K", 3), ("", 0), ("M", -3), ("U", -6), ("N", -9), ("P", -12), ("F", -15), ("A", -18)]
        .iter()
        .find(|(known, _)| prefix.eq_ignore_ascii_case(known.as_bytes()))
        .map(|&(_, scale)| scale)
}

/// Rows of a tile, or lines of devices of one row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Channels {
    pub tile: u16,
    /// First and last.
    pub rows: (u16, u16),
    pub lines: Option<(u16, u16)>,
}

/// Reads a list such as `(@0!3,0!4!0:0!4!7)`.
pub fn channels(parameter: &[u8]) -> Result<impl Iterator<Item = Result<Channels, Mistake>> + Clone + '_, Mistake> {
    let inside = trim(parameter).strip_prefix(b"(").and_then(|rest| rest.strip_suffix(b")")).map(trim);
    let list = inside.and_then(|inside| inside.strip_prefix(b"@")).ok_or(-171i16)?;
    Ok(list.split(|&byte| byte == b',').map(range))
}

fn range(part: &[u8]) -> Result<Channels, Mistake> {
    let mut ends = part.split(|&byte| byte == b':').map(place);
    let from = ends.next().unwrap_or(Err(-171i16))?;
    let to = ends.next().unwrap_or(Ok(from))?;
    let lines = from.2.is_some();
    if ends.next().is_some() || from.0 != to.0 || lines != to.2.is_some() || (lines && from.1 != to.1) {
        return Err(-171i16);
    }
    let lines = from.2.zip(to.2);
    if to.1 < from.1 || lines.is_some_and(|(first, last)| last < first) {
        return Err(-222i16);
    }
    Ok(Channels { tile: from.0, rows: (from.1, to.1), lines })
}

fn place(text: &[u8]) -> Result<(u16, u16, Option<u16>), Mistake> {
    let mut numbers = text.split(|&byte| byte == b'!').map(|digits| {
        let digits = trim(digits);
        let fits = matches!(digits.len(), 1..=5) && digits.iter().all(u8::is_ascii_digit);
        let value = if fits { digits.iter().fold(0u32, |sum, digit| sum * 10 + u32::from(digit - b'0')) } else { u32::MAX };
        if value <= 0xffff {
            Ok(value as u16)
        } else {
            Err(-171i16)
        }
    });
    let tile = numbers.next().unwrap_or(Err(-171i16))?;
    let row = numbers.next().unwrap_or(Err(-171i16))?;
    let line = numbers.next().transpose()?;
    if numbers.next().is_some() {
        return Err(-171i16);
    }
    Ok((tile, row, line))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_are_known_in_their_short_and_long_forms() {
        for header in ["PULS", "PULSE", "puls:imm", "SOUR:PULS", "SOURCE:PULSE:IMMEDIATE"] {
            assert!(header_is("[SOURce:]PULSe[:IMMediate]", header.as_bytes()), "{header}");
        }
        for header in ["PUL", "PULS:", "SOUR", "PULS:IMM:X", "SOUR:IMM", ""] {
            assert!(!header_is("[SOURce:]PULSe[:IMMediate]", header.as_bytes()), "{header}");
        }
        assert!(header_is("SYSTem:ERRor[:NEXT]", b"SYST:ERR"));
        assert!(header_is("SYSTem:ERRor[:NEXT]", b"SYST:ERR:NEXT"));
        assert!(header_is("*IDN", b"*idn"));
    }

    #[test]
    fn numbers_are_read_exactly_and_with_their_units() {
        let ns = |text: &str| decimal(text.as_bytes(), Unit::Seconds).unwrap().in_units_of(-9);
        assert_eq!(ns("100 NS"), Some(100));
        assert_eq!(ns("1.0E-7"), Some(100));
        assert_eq!(ns(".00000015s"), Some(150));
        assert_eq!(ns("31536000.000001 S"), Some(31_536_000_000_001_000));
        assert_eq!(ns("1e300"), None);
        assert_eq!(ns("0e300"), Some(0));
        assert_eq!(ns("1e-300"), Some(0));
        assert_eq!(decimal(b"#H1F", Unit::None).unwrap().whole(), Some(31));
        assert_eq!(decimal(b"2.5", Unit::None).unwrap().whole(), Some(3));
        assert_eq!(decimal(b"-2.5", Unit::None).unwrap().whole(), Some(-3));
        assert_eq!(decimal(b"5 V", Unit::Seconds), Err(-131i16));
        assert_eq!(decimal(b"ON", Unit::None), Err(-104i16));
        assert_eq!(decimal(b"350 UA", Unit::Amperes).unwrap().in_units_of(-9), Some(350_000));
    }

    #[test]
    fn lists_name_rows_and_lines() {
        let found: std::vec::Vec<_> = channels(b"(@0!3:0!5, 1!2!7)").unwrap().map(Result::unwrap).collect();
        assert_eq!(found[0], Channels { tile: 0, rows: (3, 5), lines: None });
        assert_eq!(found[1], Channels { tile: 1, rows: (2, 2), lines: Some((7, 7)) });
        for wrong in ["(@-1!2)", "(@0!99999999999)", "(@0!65536)", "(@0!)", "(@!)", "(@0!1!2!3)", "(@ )", "(@0!1:)"] {
            assert!(channels(wrong.as_bytes()).unwrap().any(|found| found.is_err()), "{wrong}");
        }
        assert!(channels(b"0!3").is_err());
        assert!(channels(b"(@0!3!1:0!4!1)").unwrap().any(|found| found.is_err()));
    }

    #[test]
    fn units_end_outside_of_strings_blocks_and_brackets() {
        let parts: std::vec::Vec<_> = split(b"a;\"b;c\";#13;;;;(d,e)", b';').collect();
        assert_eq!(parts, [&b"a"[..], b"\"b;c\"", b"#13;;;", b"(d,e)"]);
        let parts: std::vec::Vec<_> = split(b"(@0!1,0!2),5,'6,7'", b',').collect();
        assert_eq!(parts, [&b"(@0!1,0!2)"[..], b"5", b"'6,7'"]);
    }
}
