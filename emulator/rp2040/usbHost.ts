import type { RP2040 } from "rp2040js";

/** Of a bulk endpoint at full speed. */
const packetBytes = 64;
/** Where the firmware's serial port takes bytes and gives them: `usbd-serial` takes the first numbers that are free. */
const dataOut = 1;
const dataIn = 2;

const setAddress = Uint8Array.of(0x00, 0x05, 1, 0, 0, 0, 0, 0);
const setConfiguration = Uint8Array.of(0x00, 0x09, 1, 0, 0, 0, 0, 0);
const lineState = (open: boolean): Uint8Array => Uint8Array.of(0x21, 0x22, open ? 3 : 0, 0, 0, 0, 0, 0);

/**
 * The other end of the board's USB cable: gives the device its address, opens its serial port and carries bytes. The host that comes
 * with rp2040js loses endpoints that are armed before it has read the descriptors.
 */
export class UsbHost {
  /** What the board sent. */
  onBytes: (bytes: Uint8Array) => void = () => {};
  readonly #usb: RP2040["usbCtrl"];
  readonly #steps: Uint8Array[] = [setAddress, setConfiguration, lineState(true)];
  readonly #waiting: Uint8Array[] = [];
  #isArmed = false;
  #isConfigured = false;

  constructor({ usbCtrl }: RP2040) {
    this.#usb = usbCtrl;
    usbCtrl.onUSBEnabled = () => usbCtrl.resetDevice();
    usbCtrl.onResetReceived = () => this.#nextStep();
    usbCtrl.onEndpointWrite = (endpoint, bytes) => {
      if (endpoint === 0 && bytes.length === 0) this.#nextStep();
      else if (endpoint === dataIn && bytes.length > 0) this.onBytes(bytes.slice());
    };
    usbCtrl.onEndpointRead = (endpoint) => {
      if (endpoint !== dataOut) return;
      this.#isArmed = true;
      this.#feed();
    };
  }

  /** Whether the serial port is open. */
  get isOpen(): boolean {
    return this.#isConfigured;
  }

  /** Whether all that was sent has been taken. */
  get isSent(): boolean {
    return this.#isConfigured && this.#waiting.length === 0;
  }

  send(bytes: Uint8Array): void {
    for (let at = 0; at < bytes.length; at += packetBytes) {
      this.#waiting.push(bytes.slice(at, at + packetBytes));
    }
    this.#feed();
  }

  #nextStep(): void {
    const step = this.#steps.shift();
    if (step === undefined) this.#isConfigured = true;
    else this.#usb.sendSetupPacket(step);
  }

  #feed(): void {
    if (!this.#isArmed || !this.#isConfigured) return;
    const packet = this.#waiting.shift();
    if (packet === undefined) return;
    this.#isArmed = false;
    this.#usb.endpointReadDone(dataOut, packet);
  }
}
