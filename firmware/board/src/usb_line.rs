//! The USB serial port: bytes to the firmware, answers back.

use mho_core::front_end::{Clock, FrontEnd};
use mho_core::{Firmware, Output};
use rp2040_hal::usb::UsbBus;
use rp2040_hal::Timer;
use usb_device::class_prelude::UsbBusAllocator;
use usb_device::prelude::*;
use usb_device::UsbError;
use usbd_serial::SerialPort;

/// The number that pid.codes lends to tests and to boards of which no more than a few are made. A lab that sells boards asks for one
/// of its own.
const USB_ID: UsbVidPid = UsbVidPid(0x1209, 0x0001);

/// A host that takes nothing for so long has gone; what it was to be told is dropped, and it asks again.
const STALLED_MICROSECONDS: u64 = 500_000;

type Port = SerialPort<'static, UsbBus, [u8; 256], [u8; 1024]>;

pub struct UsbLine {
    port: Port,
    device: UsbDevice<'static, UsbBus>,
    timer: Timer,
    was_open: bool,
}

impl UsbLine {
    pub fn new(bus: &'static UsbBusAllocator<UsbBus>, serial: &'static str, timer: Timer) -> Self {
        let port = SerialPort::new_with_store(bus, [0; 256], [0; 1024]);
        let texts = [StringDescriptors::default().manufacturer("mho").product("mho board").serial_number(serial)];
        let builder = UsbDeviceBuilder::new(bus, USB_ID).device_class(usbd_serial::USB_CLASS_CDC);
        let builder = builder.strings(&texts).unwrap_or_else(|_| UsbDeviceBuilder::new(bus, USB_ID));
        // Windows asks for more than 8 bytes before it gives an address.
        let device = builder.max_packet_size_0(64).ok().unwrap().build();
        UsbLine { port, device, timer, was_open: false }
    }

    /// Takes all that has come and answers it.
    pub fn serve<F: FrontEnd, C: Clock>(&mut self, firmware: &mut Firmware<F, C>) {
        self.device.poll(&mut [&mut self.port]);
        if self.port.dtr() != self.was_open {
            self.was_open = self.port.dtr();
            firmware.line_changed();
        }
        let mut bytes = [0; 64];
        while let Ok(count @ 1..) = self.port.read(&mut bytes) {
            firmware.receive(&bytes[..count], self);
            self.device.poll(&mut [&mut self.port]);
        }
    }

    fn now(&self) -> u64 {
        self.timer.get_counter().ticks()
    }
}

impl Output for UsbLine {
    fn send(&mut self, mut bytes: &[u8]) {
        let mut moved_at = self.now();
        loop {
            match if bytes.is_empty() { self.port.flush().map(|()| 0) } else { self.port.write(bytes) } {
                Ok(_) if bytes.is_empty() => return,
                Ok(count) => {
                    bytes = &bytes[count..];
                    moved_at = self.now();
                }
                Err(UsbError::WouldBlock) if self.now() - moved_at < STALLED_MICROSECONDS => {
                    self.device.poll(&mut [&mut self.port]);
                }
                Err(_) => return,
            }
        }
    }
}
