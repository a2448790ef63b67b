/**
 * A line that carries bytes both ways.
 *
 * Obligations: `write` resolves when the bytes have left this process, or rejects with `link-lost` at a
 * deadline; `onClosed` is called once, for whatever reason, also when the far end dies; after it nothing more
 * is received. `close` frees the port and may be called twice.
 */
export interface Transport {
  /** Name of the port as a person knows it: `/dev/ttyACM0`, `in process`. */
  readonly port: string;
  /** The far end takes whatever comes, however fast: of a line in this process. */
  readonly keepsUp?: boolean;
  write(bytes: Uint8Array): Promise<void>;
  onBytes(listener: (bytes: Uint8Array) => void): void;
  onClosed(listener: (reason: string) => void): void;
  close(): Promise<void>;
}
