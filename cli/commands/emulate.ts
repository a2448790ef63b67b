import { randomInt } from "node:crypto";
import { benchCommand, port, real, whole } from "../flags.ts";
import { actUntold } from "../action.ts";
import { jsonLine } from "../output.ts";

export const emulate = () =>
  benchCommand(
    "emulate",
    "serves an emulated chip until it is stopped; its first line on stdout is JSON with the address",
    "mho emulate 'pcm-64?tiles=14' --tcp 0",
  )
    .argument(
      "<preset>",
      "a built-in chip, such as pcm-64?tiles=14; an unknown name is refused, with a list of all",
    )
    .option("--link <path>", "a symbolic link that always names the pseudo-terminal")
    .option("--tcp <port>", "serve on loopback TCP instead; 0 for any free port", port("--tcp"))
    .option("--faults <file or seed>", "what goes wrong: a record, or the seed of one")
    .option(
      "--time-scale <factor>",
      "let chip time go by itself, so much faster than the clock (default: virtual time)",
      real("--time-scale", 1e-9, 1e9),
    )
    .option("--dialect <dialect>", "what the chip speaks (default: packet)")
    .option("--firmware <firmware>", "whose machine code answers: rp2040 (default: the emulator's own)")
    .option(
      "--boot <number>",
      "which boot the chip says it is (default: another one at each start)",
      whole("--boot", 1, 0xffff_fffe),
    )
    .option("--no-pace", "answer faster than the line's rate would let through")
    .option("--control [port]", "open a side door on loopback: inject faults, read the truth")
    .action((preset, flags) =>
      actUntold(flags, async (output) => {
        const [{ emulate: serve }, { firstBootOf }] = await Promise.all([
          import("../../lab/emulate/emulate.ts"),
          import("../../lab/emulate/firstBoot.ts"),
        ]);
        const { seed, dialect, firmware, link, tcp, faults, timeScale, pace, control } = flags;
        const controlPort =
          control === undefined ? undefined : control === true ? 0 : port("--control")(control);
        const emulation = await serve(preset, {
          seed,
          dialect,
          firmware,
          link,
          tcpPort: tcp,
          faults,
          timeScale,
          pace,
          controlPort,
          boot: flags.boot ?? firstBootOf(randomInt(1, 0x7fff_ffff)),
          onReplugged(address, name) {
            output.events.emit({ type: "replugged", address });
            output.say(`The cable is back, at ${name}.`);
          },
        });
        const { address, control: door } = emulation;
        const event = { type: "listening", address, seed: emulation.seed, control: door ?? null } as const;
        if (output.json) output.events.emit(event);
        else process.stdout.write(`${jsonLine(event)}\n`);
        output.say(`An emulated ${preset} answers at ${emulation.port}. Ctrl-C ends it.`);
        await untilStopped(
          () => emulation.tick(),
          (stop) => output.onBroken(stop),
        );
        emulation.close();
      }),
    );

/** Resolves on a signal, or when the parent that started this process with a channel goes away. */
function untilStopped(onTick: () => void, onBroken: (listener: () => void) => void): Promise<void> {
  return new Promise((resolve) => {
    const timer = setInterval(onTick, 250);
    const stop = (): void => {
      clearInterval(timer);
      resolve();
    };
    for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.once(signal, stop);
    process.once("disconnect", stop);
    onBroken(stop);
  });
}
