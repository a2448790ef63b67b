// Takes a lock, says so, and holds it until it is killed or its input ends: node --expose-gc lockTaker.mjs FILE
import { LockHeld, takeLock } from "../../dist/locks/lock.js";

try {
  takeLock(process.argv[2], "2026-01-01T00:00:00Z");
  globalThis.gc();
  console.log("held");
} catch (error) {
  if (!(error instanceof LockHeld)) throw error;
  console.log(`refused: ${error.message}`);
}
process.stdin.resume();
process.stdin.once("end", () => process.exit(0));
