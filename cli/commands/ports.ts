import type { PortInfo } from "../../drivers/dialect.ts";
import type { Answer } from "../../drivers/ports.ts";
import { act } from "../action.ts";
import { command, whole } from "../flags.ts";

export const ports = () =>
  command("ports", "lists serial ports, and which answer as a chip", "mho ports", "mho ports /dev/ttyACM0")
    .argument("[port...]", "ask only these")
    .option("--baud <rate>", "line rate to ask at", whole("--baud"), 3_000_000)
    .action((named, flags) =>
      act("ports", flags, async (output) => {
        const [{ findChips }, { builtInDialects }, { openPlainLog }] = await Promise.all([
          import("../../lab/findChips.ts"),
          import("../../lab/dialects.ts"),
          import("../../lab/logs/benchLogs.ts"),
        ]);
        const log = await openPlainLog(flags.logLevel);
        const languages = builtInDialects.map(({ name }) => name);
        const found = await findChips(named, flags.baud, builtInDialects, log);
        if (found.length === 0)
          output.say("There are no serial ports. Plug the board in, or name a port: mho ports /dev/ttyACM0.");
        for (const { port, answer } of found) {
          output.say(`${port.path.padEnd(20)} ${described(port).padEnd(28)} ${said(answer, languages)}`);
        }
        const wanted = found.filter(({ port }) => named.includes(port.path));
        // A port that was named and cannot be asked is no answer.
        if (wanted.some(({ answer }) => answer.kind === "not asked")) process.exitCode = 3;
        output.result({
          ports: found.map(({ port, answer }) => ({
            path: port.path,
            vendor: port.vendor ?? null,
            vendor_id: port.vendorId ?? null,
            product_id: port.productId ?? null,
            serial_number: port.serialNumber ?? null,
            answer: answer.kind,
            chip: answer.kind === "chip" ? chipOf(answer) : null,
            instrument: answer.kind === "instrument" ? answer.calledItself : null,
            reason: answer.kind === "not asked" ? answer.reason : null,
          })),
        });
      }),
    );

function chipOf({ dialect, name, serialNumber, firmware }: Answer & { kind: "chip" }) {
  return { dialect, name, serial_number: serialNumber, firmware };
}

function described({ vendor, vendorId, productId, serialNumber }: PortInfo): string {
  const ids = vendorId === undefined ? "" : `${vendorId}:${productId ?? "?"}`;
  return [vendor, ids, serialNumber].filter(Boolean).join(" ");
}

function said(answer: Answer, dialects: readonly string[]): string {
  if (answer.kind === "silent") return `does not answer in any dialect: ${dialects.join(", ")}`;
  if (answer.kind === "instrument") return `an instrument: ${answer.calledItself}, not a chip that mho knows`;
  if (answer.kind === "not asked" && answer.perhaps !== undefined)
    return `perhaps ${answer.perhaps}, not asked: what asks another board may be an order to it`;
  if (answer.kind === "not asked") return `not asked: ${answer.reason}`;
  const { name, serialNumber, firmware, dialect } = answer;
  return `${name} number ${serialNumber}, ${firmware} (${dialect})`;
}
