import type { Command } from "@commander-js/extra-typings";
import { advise } from "./advise.ts";
import { answer } from "./answer.ts";
import { archive } from "./archive.ts";
import { calibrate } from "./calibrate.ts";
import { check } from "./check.ts";
import { checkChip } from "./checkChip.ts";
import { checkLake } from "./checkLake.ts";
import { compare } from "./compare.ts";
import { lot } from "./lot.ts";
import { completion } from "./completion.ts";
import { deleteCommand } from "./delete.ts";
import { demo } from "./demo.ts";
import { emulate } from "./emulate.ts";
import { exportCommand } from "./export.ts";
import { fit } from "./fit.ts";
import { fleet } from "./fleet.ts";
import { handOn } from "./handOn.ts";
import { importCommand } from "./import.ts";
import { note } from "./note.ts";
import { measure } from "./measure.ts";
import { optimize } from "./optimize.ts";
import { pack } from "./pack.ts";
import { ports } from "./ports.ts";
import { program } from "./program.ts";
import { pulse } from "./pulse.ts";
import { query } from "./query.ts";
import { queue } from "./queue.ts";
import { read } from "./read.ts";
import { replay } from "./replay.ts";
import { report } from "./report.ts";
import { resume } from "./resume.ts";
import { run } from "./run.ts";
import { serve } from "./serve.ts";
import { server } from "./server.ts";
import { show } from "./show.ts";
import { standby } from "./standby.ts";
import { tag } from "./tag.ts";
import { trim } from "./trim.ts";
import { unpack } from "./unpack.ts";
import { watch } from "./watch.ts";
import { work } from "./work.ts";

/** Every command, in the order of the help. They load what they need when they run, so that help comes at once. */
export function allCommands(): Command[] {
  return [
    demo(),
    emulate(),
    optimize(),
    program(),
    resume(),
    watch(),
    importCommand(),
    fit(),
    calibrate(),
    advise(),
    trim(),
    read(),
    measure(),
    pulse(),
    run(),
    answer(),
    queue(),
    work(),
    fleet(),
    exportCommand(),
    report(),
    compare(),
    lot(),
    show(),
    note(),
    tag(),
    archive(),
    deleteCommand(),
    pack(),
    unpack(),
    handOn(),
    server(),
    check(),
    checkChip(),
    query(),
    checkLake(),
    serve(),
    ports(),
    standby(),
    replay(),
    completion(allCommands),
  ] as unknown as Command[];
}
