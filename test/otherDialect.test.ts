import { expect, it } from "vitest";
import { connectInProcess } from "../drivers/inProcess.ts";
import { parseAddress } from "../lab/address.ts";
import { builtInDialects, dialectNamed } from "../lab/dialects.ts";
import { describeChip } from "../lab/openChip.ts";

/** Deadlines that pass at once. */
const after = (_: number, act: () => void): (() => void) => {
  const pending = setImmediate(act);
  return () => clearImmediate(pending);
};

it.each([
  ["packet", "emulator:pcm-64"],
  ["scpi", "emulator:pcm-64"],
  ["smu", "emulator:keithley-2450"],
  ["arc-one", "emulator:arc-one-32"],
])(
  "a board that never answers in %s may speak another dialect, and the message says so",
  async (name, chip) => {
    const dialect = dialectNamed(builtInDialects, name);
    const driver = dialect.open(connectInProcess({ receive: () => [] }), {
      address: "tcp:lab:5000",
      description: await describeChip(parseAddress(`${chip}?dialect=${name}`)),
      session: 1,
      serialNumber: "DIE-1",
      after,
    });
    const failed = await driver.identify().catch((error: unknown) => error);
    await driver.close();
    expect(failed).toMatchObject({ code: "link-lost" });
    expect((failed as Error).message).toMatch(/another dialect is silent too: name its own by \?dialect=/);
  },
);
