import { type Answer, askPort, isLikely, listPorts, type PortInfo } from "../drivers/ports.ts";
import { builtInDialects } from "../lab/dialects.ts";
import { MhoError } from "../src/errors.ts";
import type { Output } from "./output.ts";

/** Lists serial ports and asks those that could hold a chip, or those that are named, who they are. */
export async function ports(
  named: readonly string[],
  options: { baud: string },
  output: Output,
): Promise<void> {
  const baud = Number(options.baud);
  if (!Number.isInteger(baud) || baud < 1) {
    throw new MhoError("bad-argument", `--baud ${options.baud}: give a whole number, such as 3000000.`);
  }
  const listed = await listPorts();
  const unlisted = named
    .filter((path) => listed.every((port) => port.path !== path))
    .map((path): PortInfo => ({
      path,
      vendor: undefined,
      vendorId: undefined,
      productId: undefined,
      serialNumber: undefined,
    }));
  const all = [...listed, ...unlisted];
  // All at once: one mute port must not keep the others waiting.
  const answers = await Promise.all(
    all.map((port): Promise<Answer> => {
      const asked = named.length > 0 ? named.includes(port.path) : isLikely(port);
      if (!asked) return Promise.resolve({ kind: "not asked", reason: "no board is likely there" });
      return askPort(port.path, baud, builtInDialects);
    }),
  );
  if (all.length === 0)
    output.say("There are no serial ports. Plug the board in, or name a port: mho ports /dev/ttyACM0.");
  all.forEach((port, i) =>
    output.say(`${port.path.padEnd(20)} ${described(port).padEnd(28)} ${said(answers[i]!)}`),
  );
  output.event({
    type: "result",
    ports: all.map((port, i) => {
      const answer = answers[i]!;
      return {
        path: port.path,
        vendor: port.vendor ?? null,
        vendor_id: port.vendorId ?? null,
        product_id: port.productId ?? null,
        serial_number: port.serialNumber ?? null,
        answer: answer.kind,
        ...(answer.kind === "chip" ? { chip: chipOf(answer) } : {}),
        ...(answer.kind === "not asked" ? { reason: answer.reason } : {}),
      };
    }),
  });
}

function chipOf({ dialect, name, serialNumber, firmware }: Answer & { kind: "chip" }): object {
  return { dialect, name, serial_number: serialNumber, firmware };
}

function described({ vendor, vendorId, productId, serialNumber }: PortInfo): string {
  const ids = vendorId === undefined ? "" : `${vendorId}:${productId ?? "?"}`;
  return [vendor, ids, serialNumber].filter(Boolean).join(" ");
}

function said(answer: Answer): string {
  if (answer.kind === "silent") {
    return `does not answer in any dialect: ${builtInDialects.map(({ name }) => name).join(", ")}`;
  }
  if (answer.kind === "not asked") return `not asked: ${answer.reason}`;
  const { name, serialNumber, firmware, dialect } = answer;
  return `${name} number ${serialNumber}, ${firmware} (${dialect})`;
}
