import type { JobChange } from "../src/queue/job.ts";
import { areTexts, areTextsOrNothing, isCount, isRecord, mustBe, record } from "./records.ts";

/** A change of the queue as it stands in its row. Whether its options make sense is for the call that they are of to say. */
export function jobChangeOf(text: string): JobChange {
  const what = "a change of the queue";
  const found = record(text, what);
  mustBe(areTexts(found, "job", "at", "what") && areTextsOrNothing(found, "by"), what);
  mustBe(isJobName(found["job"]), what);
  switch (found["what"]) {
    case "added":
      mustBe(isRequest(found["request"]), "a job");
      break;
    case "moved":
      mustBe(found["before"] === null || isJobName(found["before"]), what);
      break;
    case "taken":
      mustBe(isCount(found["runsBefore"]), what);
      break;
    case "put back":
      mustBe(areTexts(found, "code", "message"), what);
      break;
    case "done":
      mustBe(areRuns(found["runs"]), what);
      break;
    case "failed":
      mustBe(areTexts(found, "code", "message") && areRuns(found["runs"]), what);
      break;
    case "retried":
      mustBe(areFiles(found["files"]) && (found["origin"] === undefined || isOrigin(found["origin"])), what);
      break;
    case "handed":
      mustBe(isOrigin(found["origin"]), what);
      break;
    default:
      mustBe(found["what"] === "removed", what);
  }
  return found as unknown as JobChange;
}

function isRequest(value: unknown): boolean {
  if (!isRecord(value) || !areTexts(value, "command", "chip", "place", "text")) return false;
  const { subjects, options, files, after, seed, acceptUnknownWear, minYieldPercent, origin, others } = value;
  return (
    isList(subjects, (one) => typeof one === "string") &&
    isRecord(options) &&
    areFiles(files) &&
    isList(after, isJobName) &&
    areTextsOrNothing(value, "notBefore") &&
    (others === undefined || isList(others, (one) => isRecord(one) && areTexts(one, "chip", "place"))) &&
    isCount(seed) &&
    typeof acceptUnknownWear === "boolean" &&
    (minYieldPercent === undefined || typeof minYieldPercent === "number") &&
    (origin === undefined || isOrigin(origin))
  );
}

function areFiles(value: unknown): boolean {
  return isList(value, (one) => isRecord(one) && areTexts(one, "file", "sha256"));
}

function isOrigin(value: unknown): boolean {
  if (!isRecord(value) || !isJobName(value["job"])) return false;
  const { attempt, fence, others } = value;
  const isOther = (one: unknown): boolean => isRecord(one) && areTexts(one, "chip") && isCount(one["fence"]);
  return isCount(attempt) && isCount(fence) && (others === undefined || isList(others, isOther));
}

/** Or networks over several chips. */
function areRuns(value: unknown): boolean {
  return isList(value, (one) => typeof one === "string" && /^[rn][1-9]\d{0,14}$/.test(one));
}

function isJobName(value: unknown): boolean {
  return typeof value === "string" && /^j[1-9]\d{0,14}$/.test(value);
}

function isList(value: unknown, isOne: (one: unknown) => boolean): boolean {
  return Array.isArray(value) && value.every(isOne);
}
