//! What makes a pulse fire once: the newest ticket, and which of the 1024 up to it fired, and when.

pub const REMEMBERED: u64 = 1024;

/// Times are kept one more than they are: memory that is all zeros is a book in which nothing fired.
const NOT_FIRED: u64 = 0;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    NotFired,
    /// Chip time, µs.
    Fired(u64),
    Unknown,
}

pub struct TicketBook {
    newest: u64,
    fired_at: [u64; REMEMBERED as usize],
    /// Of tickets before this one nothing is known: they may have fired before the board started.
    known_from: u64,
    any_fired: bool,
}

impl TicketBook {
    /// Of a board that has just started: whether earlier tickets fired is not known.
    pub const fn new() -> Self {
        TicketBook { newest: 0, fired_at: [NOT_FIRED; REMEMBERED as usize], known_from: 0, any_fired: false }
    }

    pub fn newest(&self) -> u64 {
        self.newest
    }

    pub fn fate(&self, ticket: u64) -> Fate {
        if !self.any_fired || ticket < self.known_from {
            return Fate::Unknown;
        }
        if ticket > self.newest {
            return Fate::NotFired;
        }
        if ticket + REMEMBERED <= self.newest {
            return Fate::Unknown;
        }
        match self.fired_at[(ticket % REMEMBERED) as usize] {
            NOT_FIRED => Fate::NotFired,
            after => Fate::Fired(after - 1),
        }
    }

    /// Whether an order may be carried out: it is newer than all that fired, or known not to have fired.
    pub fn may_fire(&self, ticket: u64) -> bool {
        ticket > self.newest || self.fate(ticket) == Fate::NotFired
    }

    /// Books a ticket that `may_fire`.
    pub fn fired(&mut self, ticket: u64, at: u64) {
        if !self.any_fired || ticket < self.known_from {
            self.known_from = ticket;
        }
        self.any_fired = true;
        if ticket > self.newest {
            let skipped = (ticket - self.newest - 1).min(REMEMBERED);
            for k in 1..=skipped {
                self.fired_at[((ticket - k) % REMEMBERED) as usize] = NOT_FIRED;
            }
            self.newest = ticket;
        }
        self.fired_at[(ticket % REMEMBERED) as usize] = at + 1;
    }
}

impl Default for TicketBook {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ticket_fires_once_and_an_old_one_never() {
        let mut book = TicketBook::new();
        assert_eq!(book.fate(7), Fate::Unknown);
        assert!(book.may_fire(7));
        book.fired(7, 100);
        assert_eq!(book.fate(7), Fate::Fired(100));
        assert!(!book.may_fire(7));
        assert_eq!(book.fate(8), Fate::NotFired);
        book.fired(7 + REMEMBERED - 1, 200);
        assert_eq!(book.fate(7), Fate::Fired(100));
        assert!(book.may_fire(8));
        book.fired(7 + REMEMBERED, 300);
        assert_eq!(book.fate(7), Fate::Unknown);
        assert!(!book.may_fire(7));
    }

    #[test]
    fn tickets_that_were_skipped_are_known_not_to_have_fired() {
        let mut book = TicketBook::new();
        for ticket in 1..=3000 {
            book.fired(ticket, ticket);
        }
        book.fired(10_000, 1);
        assert_eq!(book.fate(9_999), Fate::NotFired);
        assert_eq!(book.fate(10_000 - REMEMBERED + 1), Fate::NotFired);
        assert_eq!(book.fate(10_000 - REMEMBERED), Fate::Unknown);
    }
}
