import { act } from "../action.ts";
import { workspaceCommand } from "../flags.ts";
import { withBench } from "../withBench.ts";

export const note = () =>
  workspaceCommand(
    "note",
    "writes a note on a run, or on a chip, with its wafer and die",
    'mho note r2 "needle was worn"',
    "mho note pcm-64/EMU-5 --wafer W7 --die 3,4",
  )
    .argument(
      "<subject>",
      "a run such as r2, a network such as n1, or a chip with runs: its serial number, NAME/NUMBER, or address",
    )
    .argument("[text]", "the note")
    .option("--wafer <name>", "of a chip: the wafer that it was cut from")
    .option("--die <place>", "of a chip: its place on the wafer")
    .option("--operator <name>", "who writes it (default: that of mho.config.json)")
    .action((subject, text, flags) =>
      act("note", flags, (output) =>
        withBench(flags, output, {}, async (bench) => {
          const { wafer, die, operator } = flags;
          const { run, chip } = await bench.note(subject, text, { wafer, die, operator });
          output.say(run === undefined ? `Noted of ${chip.name} ${chip.serialNumber}.` : `Noted of ${run}.`);
          output.result({
            run: run ?? null,
            chip: chip?.name ?? null,
            serial_number: chip?.serialNumber ?? null,
            text: text ?? null,
            wafer: wafer ?? null,
            die: die ?? null,
            workspace: (await bench.store()).file,
          });
        }),
      ),
    );
