//! Consistent overhead byte stuffing (Cheshire & Baker 1997): bytes without a zero, one byte more for every 254.

/// Writes the stuffed bytes into `out` from `at`, and returns the place after them.
pub fn encode(mut data: &[u8], out: &mut [u8], mut at: usize) -> usize {
    loop {
        let run = data.iter().take(254).position(|&byte| byte == 0).unwrap_or(data.len().min(254));
        out[at] = run as u8 + 1;
        out[at + 1..at + 1 + run].copy_from_slice(&data[..run]);
        at += 1 + run;
        data = &data[run..];
        match data {
            // A full run stands for no zero, and what follows it begins one of its own.
            _ if run == 254 => {}
            [0, rest @ ..] => data = rest,
            _ => return at,
        }
    }
}

/// Undoes it in place: of bytes none of which is zero. Returns how many there are, or nothing when these cannot have come from `encode`.
pub fn decode(bytes: &mut [u8]) -> Option<usize> {
    let mut length = 0;
    let mut at = 0;
    while at < bytes.len() {
        let code = bytes[at];
        at += 1;
        let run = usize::from(code).checked_sub(1)?;
        if at + run > bytes.len() {
            return None;
        }
        bytes.copy_within(at..at + run, length);
        length += run;
        at += run;
        if code < 255 && at < bytes.len() {
            bytes[length] = 0;
            length += 1;
        }
    }
    Some(length)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_stuffed_comes_back_whatever_its_length_and_zeros() {
        for length in 0..800usize {
            for every in [1usize, 2, 254, 255, 300, 10_000] {
                let data: std::vec::Vec<u8> =
                    (0..length).map(|i| if i % every == every - 1 { 0 } else { (i % 255 + 1) as u8 }).collect();
                let mut out = [0xaa; 1000];
                let end = encode(&data, &mut out, 0);
                assert!(!out[..end].contains(&0));
                let found = decode(&mut out[..end]).unwrap();
                assert_eq!(&out[..found], &data[..]);
            }
        }
    }
}
