// What vitest's JSON reports in a folder say, for `.ci/run`:
//   node .ci/report.mjs files FOLDER NAME     the test files of NAME.json in which something failed, one a line
//   node .ci/report.mjs again FOLDER NAME     puts what NAME-alone.json says of a file in place of what NAME.json says of it
//   node .ci/report.mjs end FOLDER            each failure with its reason, what failed once and passed alone, errors that were no
//                                             test's own (from NAME.log, which has what vitest printed), and the counts
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { relative } from "node:path";

const [what, folder, name] = process.argv.slice(2);
const fileOf = (report) => `${folder}/${report}.json`;
const read = (report) => JSON.parse(readFileSync(fileOf(report), "utf8"));
const failed = ({ status, assertionResults }) =>
  status === "failed" || assertionResults.some((test) => test.status === "failed");

if (what === "files") {
  if (existsSync(fileOf(name)))
    for (const file of read(name).testResults.filter(failed)) console.log(file.name);
} else if (what === "again") {
  const first = read(name);
  const alone = new Map(read(`${name}-alone`).testResults.map((file) => [file.name, file]));
  const testResults = first.testResults.map((file) => {
    const again = alone.get(file.name);
    return again === undefined ? file : { ...again, failedFirst: file };
  });
  writeFileSync(fileOf(name), JSON.stringify({ ...first, testResults }));
  rmSync(fileOf(`${name}-alone`));
} else {
  let [passes, failures] = [0, 0];
  for (const report of readdirSync(folder).flatMap((one) => /^(.*)\.json$/.exec(one)?.[1] ?? [])) {
    tellUnhandled(report);
    for (const file of read(report).testResults) {
      tell(`FAILED (${report})`, file);
      if (!failed(file) && file.failedFirst)
        tell(`Failed beside others, passed alone (${report})`, file.failedFirst);
      const count = (status) => file.assertionResults.filter((test) => test.status === status).length;
      passes += count("passed");
      failures += count("failed");
    }
  }
  console.log(`${passes} passed, ${failures} failed`);
}

function tellUnhandled(report) {
  const log = `${folder}/${report}.log`;
  const said = existsSync(log) ? readFileSync(log, "utf8") : "";
  const place = said.indexOf("Unhandled Errors");
  if (place < 0) return;
  const lines = said.slice(place).split("\n").slice(0, 40);
  console.log(`FAILED (${report}) by an error that is no test's own\n    ${lines.join("\n    ")}`);
}

function tell(how, file) {
  const place = relative(process.cwd(), file.name);
  const first = (message) => (message || "no reason was given").split("\n").slice(0, 12).join("\n    ");
  const tests = file.assertionResults.filter((test) => test.status === "failed");
  if (failed(file) && tests.length === 0) console.log(`${how} ${place}\n    ${first(file.message)}`);
  for (const test of tests)
    console.log(`${how} ${place}: ${test.fullName}\n    ${first(test.failureMessages[0])}`);
}
