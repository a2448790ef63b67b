//! mho's reference firmware for the RP2040: the core over USB, with the front end of `shift_front_end.rs`.
//! Another front end is another type here; firmware/README.md says how.

#![no_std]
#![no_main]

mod shift_front_end;
mod sleep;
mod usb_line;

use core::mem::MaybeUninit;
use core::panic::PanicInfo;
use embedded_hal::digital::OutputPin;
use hal::fugit::RateExtU32;
use hal::gpio::{FunctionSpi, Pins};
use hal::pac;
use hal::Clock as _;
use mho_core::board::Board;
use mho_core::description::Description;
use mho_core::front_end::Clock as _;
use mho_core::{Firmware, Memory};
use rp2040_hal as hal;
use shift_front_end::ShiftFrontEnd;
use sleep::BoardClock;
use usb_device::class_prelude::UsbBusAllocator;
use usb_line::UsbLine;

#[link_section = ".boot2"]
#[used]
static BOOT2: [u8; 256] = rp2040_boot2::BOOT_LOADER_GENERIC_03H;

const CRYSTAL_HERTZ: u32 = 12_000_000;
/// How often the host's watchdog is looked at, and the processor's own is fed.
const TICK_MICROSECONDS: u32 = 100_000;

static mut MEMORY: Memory = Memory::new();
static mut USB: MaybeUninit<UsbBusAllocator<hal::usb::UsbBus>> = MaybeUninit::uninit();

#[hal::entry]
fn main() -> ! {
    let mut pac = pac::Peripherals::take().unwrap();
    let sio = hal::Sio::new(pac.SIO);
    let gpio = Pins::new(pac.IO_BANK0, pac.PADS_BANK0, sio.gpio_bank0, &mut pac.RESETS);
    // First of all, and before any clock runs: nothing drives the array.
    let mut enable = gpio.gpio12.into_push_pull_output();
    let _ = enable.set_low();

    let mut watchdog = hal::Watchdog::new(pac.WATCHDOG);
    let clocks = hal::clocks::init_clocks_and_plls(
        CRYSTAL_HERTZ,
        pac.XOSC,
        pac.CLOCKS,
        pac.PLL_SYS,
        pac.PLL_USB,
        &mut pac.RESETS,
        &mut watchdog,
    )
    .ok()
    .unwrap();
    let timer = hal::Timer::new(pac.TIMER, &mut pac.RESETS, &clocks);
    let boot = draw_boot(&pac.ROSC);

    let miso = gpio.gpio16.into_function::<FunctionSpi>();
    let sck = gpio.gpio18.into_function::<FunctionSpi>();
    let mosi = gpio.gpio19.into_function::<FunctionSpi>();
    let spi = hal::spi::Spi::<_, _, _, 16>::new(pac.SPI0, (mosi, miso, sck)).init(
        &mut pac.RESETS,
        clocks.peripheral_clock.freq(),
        16.MHz(),
        embedded_hal::spi::MODE_0,
    );
    let pins = shift_front_end::Pins {
        setup: gpio.gpio17.into_push_pull_output().into_dyn_pin(),
        drive: gpio.gpio20.into_push_pull_output().into_dyn_pin(),
        sense: gpio.gpio21.into_push_pull_output().into_dyn_pin(),
        info: gpio.gpio22.into_push_pull_output().into_dyn_pin(),
        sample: gpio.gpio14.into_push_pull_output().into_dyn_pin(),
        fire: gpio.gpio15.into_push_pull_output().into_dyn_pin(),
        enable: enable.into_dyn_pin(),
        busy: gpio.gpio13.into_pull_down_input(),
    };
    let front_end = ShiftFrontEnd::new(spi, pins);

    let described = Description::read(description_block()).unwrap_or(Description::none());
    let board = Board::new(front_end, BoardClock::new(timer, watchdog), described, boot);
    // This function runs once, and nothing else touches these.
    let (memory, usb) = unsafe { (&mut *(&raw mut MEMORY), &mut *(&raw mut USB)) };
    let usb = usb.write(UsbBusAllocator::new(hal::usb::UsbBus::new(
        pac.USBCTRL_REGS,
        pac.USBCTRL_DPRAM,
        clocks.usb_clock,
        true,
        &mut pac.RESETS,
    )));
    let mut line = UsbLine::new(usb, described.serial, timer);
    let mut firmware = Firmware::new(board, memory);
    firmware.board.clock.watch();
    loop {
        firmware.board.clock.alive();
        line.serve(&mut firmware);
        firmware.tick();
        firmware.board.clock.sleep(TICK_MICROSECONDS);
    }
}

/// The flash sectors that hold the chip's description.
fn description_block() -> &'static [u8] {
    extern "C" {
        static DESCRIPTION_START: [u8; DESCRIPTION_BYTES];
    }
    unsafe { &DESCRIPTION_START }
}

const DESCRIPTION_BYTES: usize = 8192;

/// A board without memory that outlives its supply names each of its starts by a number drawn from the ring oscillator's noise.
fn draw_boot(oscillator: &pac::ROSC) -> u32 {
    let mut number = 0;
    for _ in 0..32 {
        // The bits of neighbouring instants resemble each other.
        cortex_m::asm::delay(1000);
        number = number << 1 | u32::from(oscillator.randombit().read().randombit().bit());
    }
    number
}

/// What cannot be: everything safe, and a new start by the watchdog.
#[panic_handler]
fn panic(_info: &PanicInfo) -> ! {
    cortex_m::interrupt::disable();
    // GPIO 12 low: nothing drives the array.
    unsafe { (*pac::SIO::ptr()).gpio_out_clr().write(|w| w.bits(1 << 12)) };
    loop {
        cortex_m::asm::nop();
    }
}
