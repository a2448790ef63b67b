import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { advise } from "../cli/commands/advise.ts";
import { calibrate } from "../cli/commands/calibrate.ts";
import { checkLake } from "../cli/commands/checkLake.ts";
import { query } from "../cli/commands/query.ts";
import { check } from "../cli/commands/check.ts";
import { checkChip } from "../cli/commands/checkChip.ts";
import { demo } from "../cli/commands/demo.ts";
import { emulate } from "../cli/commands/emulate.ts";
import { exportCommand } from "../cli/commands/export.ts";
import { fit } from "../cli/commands/fit.ts";
import { handOn } from "../cli/commands/handOn.ts";
import { importCommand } from "../cli/commands/import.ts";
import { note } from "../cli/commands/note.ts";
import { measure } from "../cli/commands/measure.ts";
import { optimize } from "../cli/commands/optimize.ts";
import { ports } from "../cli/commands/ports.ts";
import { program } from "../cli/commands/program.ts";
import { pulse } from "../cli/commands/pulse.ts";
import { read } from "../cli/commands/read.ts";
import { replay } from "../cli/commands/replay.ts";
import { report } from "../cli/commands/report.ts";
import { resume } from "../cli/commands/resume.ts";
import { server } from "../cli/commands/server.ts";
import { serve } from "../cli/commands/serve.ts";
import { show } from "../cli/commands/show.ts";
import { standby } from "../cli/commands/standby.ts";
import { tag } from "../cli/commands/tag.ts";
import { trim } from "../cli/commands/trim.ts";
import { queue } from "../cli/commands/queue.ts";
import { watch } from "../cli/commands/watch.ts";
import { work } from "../cli/commands/work.ts";
import { archive } from "../cli/commands/archive.ts";
import { deleteCommand } from "../cli/commands/delete.ts";
import { pack } from "../cli/commands/pack.ts";
import { unpack } from "../cli/commands/unpack.ts";
import { compare } from "../cli/commands/compare.ts";
import { lot } from "../cli/commands/lot.ts";
import { exitCodes } from "../src/errors.ts";

const page = readFileSync(new URL("../docs/command-line.md", import.meta.url), "utf8");

interface Named {
  name(): string;
  readonly options: readonly { readonly long?: string | undefined }[];
}

const commands: readonly Named[] = [
  advise(),
  unpack(),
  pack(),
  deleteCommand(),
  archive(),
  calibrate(),
  check(),
  checkLake(),
  query(),
  checkChip(),
  compare(),
  lot(),
  demo(),
  emulate(),
  exportCommand(),
  fit(),
  handOn(),
  importCommand(),
  note(),
  measure(),
  optimize(),
  ports(),
  program(),
  pulse(),
  read(),
  replay(),
  report(),
  resume(),
  serve(),
  show(),
  standby(),
  tag(),
  trim(),
  watch(),
  work(),
  server(),
  // Of its own it has no flags, and all of its commands are told of together.
  { name: () => "queue", options: queue().commands.flatMap(({ options }) => options) },
];
const ofAll = ["--json", "--quiet", "--log-level", "--seed", "--workspace", "--config"];

describe("docs/command-line.md", () => {
  it.each(commands.map((command) => [command.name(), command] as const))(
    "tells of %s and its flags",
    (name, { options }) => {
      expect(page).toContain(`\`mho ${name}`);
      const section = sectionOf(name);
      const untold = options
        .map(({ long }) => long!)
        .filter((flag) => !ofAll.includes(flag) && !new RegExp(`${flag}\\b`).test(section));
      expect(untold).toEqual([]);
    },
  );

  it.each(commands.map((command) => [command.name(), command] as const))(
    "tells of no flag that %s does not have",
    (name, { options }) => {
      const flags = new Set([...ofAll, ...options.map(({ long }) => long)]);
      const others = new Set(
        commands
          .filter((one) => headingOf(one.name()) === headingOf(name))
          .flatMap((one) => one.options.map(({ long }) => long)),
      );
      const told = [...sectionOf(name).matchAll(/^\| `(--[a-z-]+)/gm)].map(([, flag]) => flag);
      expect(told.filter((flag) => !flags.has(flag) && !others.has(flag))).toEqual([]);
    },
  );

  it("has the exit code of every kind of failure", () => {
    const rows = [...page.matchAll(/^\| (\d+) +\| (.*)/gm)];
    const told = Object.fromEntries(
      rows.flatMap(([, code, text]) =>
        [...text!.matchAll(/`([a-z-]+)`/g)].map(([, name]) => [name, Number(code)] as const),
      ),
    );
    expect(told).toMatchObject(exitCodes);
  });
});

/** The heading that names a command, such as "Watch, fit, trim". */
function headingOf(name: string): string {
  return (
    [...page.matchAll(/^## (.+)$/gm)]
      .map(([, heading]) => heading!)
      .find((heading) => new RegExp(`\\b${name}\\b`, "i").test(heading)) ?? ""
  );
}

function sectionOf(name: string): string {
  return page.split(/^(?=## )/m).find((section) => section.startsWith(`## ${headingOf(name)}\n`)) ?? "";
}
