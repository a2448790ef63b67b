import type { Config } from "../files/config.ts";
import { MhoError } from "../src/errors.ts";

/** The address that a nickname stands for; any other text as it is. */
export function addressBehind({ chips }: Config, text: string): string {
  return Object.hasOwn(chips, text) ? chips[text]! : text;
}

/** The same where only a chip can be meant. Throws `bad-argument` for a text that is neither nickname nor address. */
export function chipBehind(config: Config, text: string): string {
  const address = addressBehind(config, text);
  if (/^[rn][1-9]\d*$/.test(address))
    throw new MhoError(
      "bad-argument",
      `${text} is a ${text.startsWith("n") ? "network over several chips" : "run"}, and a chip is meant here. mho show ${text} names its ` +
        `${text.startsWith("n") ? "chips" : "chip"}.`,
      { chip: text },
    );
  if (address.includes(":") || config.file === undefined) return address;
  const names = Object.keys(config.chips);
  const known = names.length === 0 ? "has no nicknames" : `has ${names.join(", ")}`;
  throw new MhoError(
    "bad-argument",
    `There is no chip ${text}: ${config.file} ${known}. Use one of its nicknames, or an address such as serial:/dev/ttyACM0.`,
    { chip: text },
  );
}

/** Options with what the config says where they say nothing. */
export function withDefaults<O extends object>(usual: object, options: O): O {
  const given = Object.entries(options).filter(([, value]) => value !== undefined);
  return { ...usual, ...Object.fromEntries(given) } as O;
}
