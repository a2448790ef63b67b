/** The chip's end of a line that a host can open. */
export interface ServedLine {
  /** How a host names it: `/dev/pts/3`, `127.0.0.1:5025`. */
  readonly name: string;
  onBytes(listener: (bytes: Uint8Array) => void): void;
  write(bytes: Uint8Array): void;
  close(): void;
}
