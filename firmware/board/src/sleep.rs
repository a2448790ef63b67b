//! Waiting without turning round and round: until something comes over USB, or a time is reached.

use core::sync::atomic::{AtomicBool, Ordering};
use cortex_m::peripheral::NVIC;
use hal::fugit::MicrosDurationU32;
use hal::pac::{self, interrupt};
use hal::timer::{Alarm, Alarm0};
use mho_core::front_end::Clock;
use rp2040_hal as hal;

static RANG: AtomicBool = AtomicBool::new(false);

pub struct BoardClock {
    timer: hal::Timer,
    alarm: Alarm0,
    watchdog: hal::Watchdog,
}

/// A firmware that hangs starts anew, with every line safe. One reading of a row is over well before.
const HANG_MICROSECONDS: u32 = 8_000_000;

impl BoardClock {
    pub fn new(mut timer: hal::Timer, watchdog: hal::Watchdog) -> Self {
        let mut alarm = timer.alarm_0().unwrap();
        alarm.enable_interrupt();
        BoardClock { timer, alarm, watchdog }
    }

    /// From here on the watchdog must be fed.
    pub fn watch(&mut self) {
        self.watchdog.pause_on_debug(true);
        self.watchdog.start(MicrosDurationU32::micros(HANG_MICROSECONDS));
    }

    /// Sleeps until something comes over USB, or so long.
    pub fn sleep(&mut self, microseconds: u32) {
        self.ring_in(microseconds);
        // The interrupt stays while its cause does, so its handler turns it off until the next sleep.
        unsafe { NVIC::unmask(pac::Interrupt::USBCTRL_IRQ) };
        cortex_m::asm::wfe();
        NVIC::mask(pac::Interrupt::USBCTRL_IRQ);
        NVIC::mask(pac::Interrupt::TIMER_IRQ_0);
    }

    fn ring_in(&mut self, microseconds: u32) {
        self.alarm.clear_interrupt();
        RANG.store(false, Ordering::Relaxed);
        let _ = self.alarm.schedule(MicrosDurationU32::micros(microseconds));
        NVIC::unpend(pac::Interrupt::TIMER_IRQ_0);
        unsafe { NVIC::unmask(pac::Interrupt::TIMER_IRQ_0) };
    }
}

impl Clock for BoardClock {
    fn microseconds(&self) -> u64 {
        self.timer.get_counter().ticks()
    }

    fn alive(&mut self) {
        self.watchdog.feed();
    }

    fn wait(&mut self, microseconds: u32) {
        if microseconds == 0 {
            return;
        }
        self.ring_in(microseconds);
        while !RANG.load(Ordering::Relaxed) {
            cortex_m::asm::wfe();
        }
    }
}

#[interrupt]
fn USBCTRL_IRQ() {
    NVIC::mask(pac::Interrupt::USBCTRL_IRQ);
}

#[interrupt]
fn TIMER_IRQ_0() {
    NVIC::mask(pac::Interrupt::TIMER_IRQ_0);
    RANG.store(true, Ordering::Relaxed);
}
