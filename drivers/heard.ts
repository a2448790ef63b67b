/** One message of a recorded conversation. */
export interface Message {
  /** Equal for a request and its reply. */
  readonly key: string;
  /** For a person: `read, tag 7`. */
  readonly name: string;
  /** Its beginning. */
  readonly shown: string;
  /** Equal for messages that are the same to the last bit. */
  readonly whole: string;
  readonly microseconds: number;
  readonly understood: boolean;
  /** Who answered, where the message says so. */
  readonly identity?: {
    readonly name: string;
    readonly serialNumber: string;
    readonly boot: number;
    readonly tiles: number;
    /** Whether it declares that it describes itself. */
    readonly describes?: boolean;
  };
}

/** Puts one direction of a conversation together again. */
export interface Heard {
  readonly messages: Message[];
  readonly damaged: number;
  push(bytes: Uint8Array, microseconds: number): void;
}
