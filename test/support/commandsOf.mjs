// Runs commands of the built mho in this process, one after another, and prints how each ended: for a user of whom processes are started.
import { mho } from "../../dist/cli/mho.js";

const print = process.stdout.write.bind(process.stdout);
let err = "";
const keep = (chunk, encoding, done) => {
  const ended = typeof encoding === "function" ? encoding : done;
  ended?.();
  return true;
};
process.stdout.write = keep;
process.stderr.write = (chunk, ...rest) => {
  err += chunk.toString();
  return keep(chunk, ...rest);
};
const ended = [];
for (const args of JSON.parse(process.argv[2])) {
  err = "";
  process.exitCode = undefined;
  await mho(args);
  ended.push({ code: Number(process.exitCode ?? 0), err });
}
process.exitCode = 0;
print(JSON.stringify(ended));
