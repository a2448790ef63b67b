import { act } from "../action.ts";
import { port, workspaceCommand } from "../flags.ts";

export const serve = () =>
  workspaceCommand(
    "serve",
    "the live page: runs now and past, on this machine; pause, stop and resume with its token",
    "mho serve --port 0",
  )
    .option("--port <number>", "where; 0 for any free port", port("--port"), 8417)
    .option("--host <address>", "for other machines too, with --token", "127.0.0.1")
    .option("--token <text>", "needed to pause, stop or resume a run (default: a new one each time)")
    .option(
      "--public-url <address>",
      "where a proxy serves the page, such as https://lab.example/mho/: then nothing is shown without the token",
    )
    .action((flags) =>
      act("serve", flags, async (output) => {
        const { serve: run } = await import("../serve.ts");
        await run(flags, output);
      }),
    );
