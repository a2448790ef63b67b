// Runs commands of the built mho in this process, one after another, and prints how each ended. The process then has to end by itself.
import { mho } from "../../dist/cli/mho.js";

const print = process.stdout.write.bind(process.stdout);
const said = { out: "", err: "" };
const keepAs = (name) => (chunk, encoding, done) => {
  said[name] += chunk.toString();
  const ended = typeof encoding === "function" ? encoding : done;
  ended?.();
  return true;
};
process.stdout.write = keepAs("out");
process.stderr.write = keepAs("err");
// Every command listens for a reader that leaves.
process.stdout.setMaxListeners(0);
process.stderr.setMaxListeners(0);
const ended = [];
for (const args of JSON.parse(process.argv[2])) {
  Object.assign(said, { out: "", err: "" });
  process.exitCode = undefined;
  await mho(args);
  ended.push({ code: Number(process.exitCode ?? 0), ...said });
}
process.exitCode = 0;
print(JSON.stringify(ended));
