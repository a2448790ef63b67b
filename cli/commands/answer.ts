import { formatDuration } from "../../src/units.ts";
import { act } from "../action.ts";
import { workspaceCommand } from "../flags.ts";
import { withBench } from "../withBench.ts";

export const answer = () =>
  workspaceCommand(
    "answer",
    "answers what an experiment asks, or lists what is asked",
    "mho answer",
    "mho answer q1 yes",
  )
    .argument("[question]", "such as q1; without one, open questions are listed")
    .argument("[answer]", "one of its answers")
    .option("--withdraw", "take the question back: the experiment stops")
    .option("--operator <name>", "who answers (default: that of mho.config.json)")
    .action((question, given, flags) =>
      act("answer", flags, (output) =>
        withBench(flags, output, {}, async (bench) => {
          const { withdraw = false, operator } = flags;
          const { MhoError } = await import("../../src/errors.ts");
          const store = await bench.store();
          const wrong = question === undefined ? withdraw : withdraw === (given !== undefined);
          if (wrong) {
            const example = question ?? "q1";
            throw new MhoError(
              "bad-argument",
              `Give an answer, as in mho answer ${example} yes, or take the question back: mho answer ${example} --withdraw.`,
            );
          }
          if (question !== undefined && given !== undefined)
            await bench.answer(question, given, { operator });
          else if (question !== undefined) await bench.withdraw(question, { operator });
          const shown =
            question === undefined
              ? await bench.questions()
              : (await store.questions()).filter(({ id }) => id === question);
          if (shown.length === 0) output.say("Nothing is asked.");
          for (const { id, text, answers, askedAt, state, answer: said } of shown) {
            const ago = formatDuration(Math.max(1, Math.round((Date.now() - Date.parse(askedAt)) / 1000)));
            const possible = answers.length === 0 ? "TEXT" : answers.join("|");
            if (state === "open")
              output.say(`${id}: ${text} (asked ${ago} ago) mho answer ${id} ${possible}`);
            else output.say(`${id}: ${text} ${said ?? "taken back"}`);
          }
          output.result({
            questions: shown.map((one) => ({
              question: one.id,
              text: one.text,
              answers: one.answers,
              asked_at: one.askedAt,
              deadline_at: one.deadlineAt ?? null,
              run: one.run ?? null,
              state: one.state,
              answer: one.answer ?? null,
              by: one.by ?? null,
            })),
            workspace: store.file,
          });
        }),
      ),
    );
