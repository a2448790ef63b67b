//! What the pages promise of both dialects, on a board whose array is a table.

mod support;

use support::*;

const HELLO: u8 = 1;
const READ: u8 = 3;
const PULSE: u8 = 4;
const TICKET: u8 = 5;
const STANDBY: u8 = 7;
const VERIFY: u8 = 0x0b;
const ABORT: u8 = 0x0c;
const DESCRIBE: u8 = 0x0f;
const ERROR: u8 = 0xff;

fn greeted() -> (TableBoard, std::rc::Rc<Seen>) {
    let (mut board, seen) = board();
    let said = say(&mut board, &frame(HELLO, 9, 1, &1u16.to_le_bytes()));
    assert_eq!(answers(&said)[0].kind, HELLO | 0x80);
    (board, seen)
}

fn one(board: &mut TableBoard, bytes: &[u8]) -> Answer {
    answers(&say(board, bytes)).pop().expect("it answers")
}

#[test]
fn nothing_is_done_before_hello_and_nothing_in_standby() {
    let (mut board, seen) = board();
    let early = one(&mut board, &frame(PULSE, 9, 1, &pulse_body(5, 0, 100, &[7; DEVICES])));
    assert_eq!((early.kind, early.body[0]), (ERROR, 3));
    let (mut board, seen_greeted) = greeted();
    one(&mut board, &frame(STANDBY, 9, 2, &[]));
    let late = one(&mut board, &frame(PULSE, 9, 3, &pulse_body(5, 0, 100, &[7; DEVICES])));
    assert_eq!((late.kind, late.body[0]), (ERROR, 4));
    assert_eq!(seen.pulses.get() + seen_greeted.pulses.get(), 0);
    assert!(!seen_greeted.drives.get());
}

#[test]
fn a_request_that_comes_again_is_answered_from_memory_byte_for_byte() {
    let (mut board, seen) = greeted();
    let order = frame(PULSE, 9, 2, &pulse_body(5, 0, 100, &[7; DEVICES]));
    let first = say(&mut board, &order);
    seen.now.set(999);
    assert_eq!(say(&mut board, &order), first);
    // Under another tag the ticket tells what it did.
    let again = one(&mut board, &frame(PULSE, 9, 3, &pulse_body(5, 0, 100, &[7; DEVICES])));
    assert_eq!(again.body[0], 1);
    assert_eq!(seen.pulses.get(), 1);
}

#[test]
fn an_answer_is_kept_for_sixteen_tags_and_older_ones_are_ignored() {
    let (mut board, _) = greeted();
    let read = |tag: u32| frame(READ, 9, tag, &[0, 0, 0, 0, 1, 0]);
    let first = say(&mut board, &read(2));
    for tag in 3..=17 {
        say(&mut board, &read(tag));
    }
    assert_eq!(say(&mut board, &read(2)), first);
    say(&mut board, &read(18));
    assert!(say(&mut board, &read(2)).is_empty());
}

#[test]
fn limits_are_kept_and_named() {
    let (mut board, seen) = greeted();
    for (body, named) in [
        (pulse_body(5, 0, 100, &[1001; DEVICES]), "1000"),
        (pulse_body(5, 0, 100, &[400; DEVICES]), "3000"),
        (pulse_body(5, 0, 5001, &[7; DEVICES]), "5000"),
        (pulse_body(5, 0, 19, &[7; DEVICES]), "20"),
        (pulse_body(5, 9, 100, &[7; DEVICES]), "4"),
        (pulse_body(5, 0, 100, &[7; 3]), "8"),
    ] {
        let refused = one(&mut board, &frame(PULSE, 9, 2 + seen.now.get() as u32, &body));
        seen.now.set(seen.now.get() + 1);
        assert_eq!((refused.kind, refused.body[0]), (ERROR, 5));
        assert!(String::from_utf8_lossy(&refused.body[2..]).contains(named));
    }
    assert_eq!(seen.pulses.get(), 0);
    let fate = one(&mut board, &frame(TICKET, 9, 50, &5u64.to_le_bytes()));
    assert_eq!(fate.body[0], 2, "a refused pulse uses no ticket, and of a new boot nothing is known");
}

#[test]
fn a_row_of_zeros_uses_its_ticket_and_touches_nothing() {
    let (mut board, seen) = greeted();
    let fired = one(&mut board, &frame(PULSE, 9, 2, &pulse_body(5, 0, 100, &[0; DEVICES])));
    assert_eq!(fired.body[0], 1);
    assert_eq!(seen.pulses.get(), 0);
}

#[test]
fn what_was_called_off_does_not_fire_however_late_it_comes() {
    let (mut board, seen) = greeted();
    one(&mut board, &frame(ABORT, 9, 10, &[]));
    let late = one(&mut board, &frame(PULSE, 9, 9, &pulse_body(5, 0, 100, &[7; DEVICES])));
    assert_eq!((late.kind, late.body[0]), (ERROR, 8));
    assert_eq!(seen.pulses.get(), 0);
}

#[test]
fn the_board_reaches_its_targets_by_itself_and_tells_the_same_twice() {
    let (mut board, seen) = greeted();
    let mut body = 5u64.to_le_bytes().to_vec();
    for value in [0u16, 1, 10, 30] {
        body.extend(value.to_le_bytes());
    }
    body.extend(100u32.to_le_bytes());
    body.extend((DEVICES as u16).to_le_bytes());
    let targets = [100u16, 200, 300, 400, 600, 700, 0xffff, 500];
    targets.iter().for_each(|code| body.extend(code.to_le_bytes()));
    let done = one(&mut board, &frame(VERIFY, 9, 2, &body));
    let pulses = &done.body[11..];
    assert_eq!((pulses[6], pulses[7]), (0, 0), "left alone, and there already");
    for (k, &target) in targets.iter().enumerate().filter(|(k, _)| *k != 6) {
        assert!(board.board.front_end.codes[1][k].abs_diff(target) <= 10, "device {k}");
    }
    assert_eq!(seen.beyond_limits.get(), 0, "devices whose row would draw too much wait for their turn");
    let fired = seen.pulses.get();
    let again = one(&mut board, &frame(VERIFY, 9, 3, &body));
    assert_eq!(again.body, done.body);
    assert_eq!(seen.pulses.get(), fired);
}

#[test]
fn it_describes_itself_in_parts() {
    let (mut board, _) = greeted();
    let mut body = 7u32.to_le_bytes().to_vec();
    body.extend(5u16.to_le_bytes());
    let part = one(&mut board, &frame(DESCRIBE, 9, 2, &body)).body;
    assert_eq!(u32::from_le_bytes(part[..4].try_into().unwrap()), 21);
    assert_eq!(u16::from_le_bytes(part[8..10].try_into().unwrap()), 16);
    assert_eq!(&part[12..], &br#"{"format":"mho-chip"}"#[7..12]);
}

#[test]
fn a_host_that_is_silent_for_long_leaves_the_board_safe() {
    let (mut board, seen) = greeted();
    seen.now.set(10_000_000);
    board.tick();
    assert!(seen.drives.get());
    seen.now.set(10_000_001);
    board.tick();
    assert!(!seen.drives.get());
}

#[test]
fn damage_is_not_answered_and_does_not_spoil_the_next_frame() {
    let (mut board, _) = greeted();
    let whole = frame(2, 9, 2, &[]);
    for at in 0..whole.len() {
        for flip in [1u8, 0x80, 0xff] {
            let mut damaged = whole.clone();
            damaged[at] ^= flip;
            damaged.extend(frame(2, 9, 3, &[]));
            let said = answers(&say(&mut board, &damaged));
            assert!(said.iter().any(|answer| answer.tag == 3), "byte {at}");
        }
    }
}

#[test]
fn a_tagged_line_is_carried_out_once() {
    let (mut board, seen) = board();
    let greet = tagged(5, 1, "*IDN?;:OUTP ON");
    let said = String::from_utf8(say(&mut board, greet.as_bytes())).unwrap();
    assert!(said.starts_with("5,1,#H") && said.contains("mho,table-1,T-1,"), "{said}");
    let order = tagged(5, 2, "*CLS;PULS:KIND RES;WIDT 100 NS;IMM (@0!3),300,301,302,303,304,305,306,307;:FETC:TIME?;:SYST:ERR?");
    let first = say(&mut board, order.as_bytes());
    assert!(String::from_utf8_lossy(&first).ends_with("0,\"No error\"\n"));
    assert_eq!(say(&mut board, order.as_bytes()), first);
    assert_eq!(seen.pulses.get(), 1);
    assert!(say(&mut board, greet.as_bytes()).is_empty());
    let stranger = say(&mut board, tagged(6, 2, "*IDN?").as_bytes());
    assert!(String::from_utf8_lossy(&stranger).trim_end().ends_with("no such session\""));
    let mut damaged = tagged(5, 3, "OUTP ON").into_bytes();
    damaged[20] ^= 1;
    assert!(say(&mut board, &damaged).is_empty());
    assert!(say(&mut board, b"PULS (@0!3),5\n").is_empty(), "a line without a tag is one whose tag is spoilt");
    assert_eq!(seen.pulses.get(), 1);
}

#[test]
fn people_may_ask_by_hand() {
    let (mut board, _) = board();
    for (asked, said) in [
        ("outp on;outp?", "1"),
        ("SYSTem:GEOMetry?", "1,4,4,2"),
        ("MEAS:CODE? (@0!3!2:0!3!4)", "500,500,500"),
        ("MEAS? (@0!3!0)", "2.000000E+1"),
        ("PULS:WIDT 0.2 US;WIDT?", "2.000000E-7"),
        ("PULS:WIDT? MAX", "5.000000E-6"),
        ("AVER:COUN 8;:AVER:COUN?", "8"),
        ("PULS (@0!1!0,0!1!2),100,0.2 MA;:MEAS:CODE? (@0!1!0:0!1!2)", "900,500,592"),
        ("PULS (@0!2),#216................;:MEAS:CODE? (@0!2!7)", "743"),
        ("NONSENSE;:SYST:ERR?", "-113,\"Undefined header;NONSENSE\""),
        ("PULS (@0!1),2000;:SYST:ERR?", "-222,\"Data out of range;the highest amplitude code is 1000\""),
        ("PULS:WIDT 1;:SYST:ERR?", "-222,\"Data out of range\""),
        ("MEAS:REF? 0", "0,100,200"),
        ("MEAS:TEMP?", "2.500000E+1"),
        ("SYST:DESC:SIZE?", "21,#H"),
        ("SYST:DESC? 1,6", "#16\"forma"),
        ("OUTP OFF;:MEAS:CODE? (@0!1);:SYST:ERR?", "-221,\"Settings conflict;output is off\""),
    ] {
        let heard = String::from_utf8(say(&mut board, format!("{}\n", asked.replace('.', if asked.contains('#') { "\u{1}" } else { "." })).as_bytes())).unwrap();
        assert!(heard.trim_end() == said || (asked == "SYST:DESC:SIZE?" && heard.starts_with(said)), "{asked}: {heard}");
    }
}

#[test]
fn one_board_speaks_both_dialects_as_its_hosts_change() {
    let (mut board, _) = board();
    assert!(!say(&mut board, b"*IDN?\n").is_empty());
    assert_eq!(answers(&say(&mut board, &frame(HELLO, 9, 1, &1u16.to_le_bytes()))).len(), 1);
    assert!(!say(&mut board, tagged(5, 1, "*IDN?").as_bytes()).is_empty());
    assert_eq!(answers(&say(&mut board, &frame(2, 9, 2, &[]))).len(), 1);
}
