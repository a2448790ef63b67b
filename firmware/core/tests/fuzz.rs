//! Hostile bytes: nothing panics, nothing beyond the limits fires, and nothing fires while the board is safe. The draws are always the
//! same; MHO_FUZZ_ROUNDS makes them more.

mod support;

use support::*;

fn rounds() -> u64 {
    std::env::var("MHO_FUZZ_ROUNDS").ok().and_then(|rounds| rounds.parse().ok()).unwrap_or(100_000)
}

fn check(seen: &Seen) {
    assert_eq!(seen.beyond_limits.get(), 0, "beyond the limits");
    assert_eq!(seen.while_safe.get(), 0, "while the board was safe");
}

#[test]
fn frames_of_any_kind_and_body() {
    let (mut board, seen) = board();
    let mut draws = Draws(1);
    let mut tickets = std::collections::HashSet::new();
    let mut session = 1u32;
    let mut tag = 0u32;
    say(&mut board, &frame(1, session, 1, &1u16.to_le_bytes()));
    for _ in 0..rounds() {
        if draws.below(200) == 0 {
            session = draws.next() as u32;
            tag = 0;
            say(&mut board, &frame(1, session, 1, &1u16.to_le_bytes()));
        }
        tag += draws.below(3) as u32;
        let ticket = draws.below(3000);
        let body = match draws.below(3) {
            0 => {
                let most = if draws.below(4) == 0 { 1100 } else { 360 };
                let codes: Vec<u16> = (0..DEVICES).map(|_| draws.below(most) as u16).collect();
                pulse_body(ticket, draws.below(5) as u16, draws.below(6000) as u32, &codes)
            }
            1 => (0..draws.below(40)).map(|_| draws.next() as u8).collect(),
            _ => (0..draws.below(12)).map(|_| draws.below(4) as u8).collect(),
        };
        let kind = if draws.below(3) == 0 { 4 } else { draws.below(18) as u8 };
        let mut bytes = frame(kind, session, tag, &body);
        if draws.below(8) == 0 {
            let at = draws.below(bytes.len() as u64) as usize;
            bytes[at] = draws.next() as u8;
        }
        let before = seen.pulses.get();
        let cut = draws.below(bytes.len() as u64 + 1) as usize;
        let mut said = say(&mut board, &bytes[..cut]);
        said.extend(say(&mut board, &bytes[cut..]));
        answers(&said);
        if kind == 4 && seen.pulses.get() > before {
            assert!(tickets.insert(ticket), "ticket {ticket} fired twice");
        }
        seen.now.set(seen.now.get() + draws.below(20_000));
        board.tick();
        check(&seen);
    }
    assert!(tickets.len() > 10);
}

#[test]
fn lines_of_any_words() {
    let (mut board, seen) = board();
    let mut draws = Draws(2);
    let words = [
        "*IDN?", "*RST", "*CLS", "OUTP ON", "OUTP OFF", "PULS", "PULS:WIDT", "WIDT", "IMM", "MEAS:CODE?", "MEAS?", "MEAS:REF?", "(@0!1)",
        "(@0!1!3)", "(@0!0:0!3)", "(@", ")", "(@-1!2)", "(@0!99999999999)", "!", "@", "#216", "#3", "#H1F", "\"", "'", ";", ";:", ",", " ", "100", "1e9", "-1", "1e-300", "0.5 US",
        "350 UA", "MIN", "MAX", "AVER:COUN", "FORM REAL,32", "FORM INT,16", "FORM ASC", "SYST:ERR?", "SYST:DESC? ", "FETC:TIME?", "?", ":",
        "\r\n", "\n", "\0", "SYST:TAG? 1,1,#H00000000;",
    ];
    say(&mut board, b"OUTP ON\n");
    for _ in 0..rounds() {
        let mut line = String::new();
        for _ in 0..draws.below(14) {
            line.push_str(words[draws.below(words.len() as u64) as usize]);
            if draws.below(3) == 0 {
                line.push(' ');
            }
        }
        let mut bytes = if draws.below(4) == 0 {
            tagged(3, 1 + draws.below(4) as u32, &line).into_bytes()
        } else {
            format!("{line}\n").into_bytes()
        };
        if draws.below(6) == 0 && !bytes.is_empty() {
            let at = draws.below(bytes.len() as u64) as usize;
            bytes[at] = draws.next() as u8;
        }
        say(&mut board, &bytes);
        if draws.below(50) == 0 {
            say(&mut board, b"\n\n\0");
        }
        check(&seen);
    }
}

#[test]
fn bytes_of_any_value() {
    let (mut board, seen) = board();
    let mut draws = Draws(3);
    for _ in 0..rounds() / 4 {
        let bytes: Vec<u8> = (0..draws.below(200)).map(|_| draws.next() as u8).collect();
        say(&mut board, &bytes);
        check(&seen);
    }
    assert_eq!(seen.pulses.get(), 0);
    // Whatever came before, a greeting is heard.
    say(&mut board, &[0; 2]);
    say(&mut board, b"\n\0");
    let mut heard = false;
    for tag in 1..400 {
        heard |= !say(&mut board, &frame(1, 9, tag, &1u16.to_le_bytes())).is_empty();
    }
    assert!(heard);
}

#[test]
fn descriptions_of_any_bytes() {
    let mut draws = Draws(4);
    let whole = block();
    for _ in 0..rounds() {
        let mut bytes = whole.clone();
        for _ in 0..1 + draws.below(3) {
            let at = draws.below(bytes.len() as u64) as usize;
            bytes[at] = draws.next() as u8;
        }
        // A head that is damaged so that its check is right is one that was written so.
        if draws.below(2) == 0 {
            let check = mho_core::crc::crc32c(&bytes[..508]);
            bytes[508..512].copy_from_slice(&check.to_le_bytes());
        }
        if let Some(described) = mho_core::description::Description::read(&bytes) {
            assert!(described.devices_per_row() <= mho_core::front_end::MOST_DEVICES);
            if described.verifies() {
                described.nominal(draws.below(70_000) as i32);
            }
        }
    }
}
