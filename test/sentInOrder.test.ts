import { expect, test } from "vitest";
import { SentInOrder } from "../lab/emulate/sentInOrder.ts";

function line() {
  let nowMicroseconds = 0;
  let timers: { at: number; fire: () => void }[] = [];
  const written: number[][] = [];
  const sent = new SentInOrder(
    (bytes) => void written.push([...bytes]),
    () => nowMicroseconds,
    (milliseconds, then) => {
      const timer = { at: nowMicroseconds + 1000 * milliseconds, fire: then };
      timers.push(timer);
      return () => void (timers = timers.filter((other) => other !== timer));
    },
  );
  return {
    sent,
    written,
    waiting: () => timers.length,
    send: (byte: number, inMilliseconds: number): void => {
      sent.send(Uint8Array.of(byte), inMilliseconds);
      sent.flush();
    },
    /** The host is at something else: time goes by, and no timer fires. */
    isBusy: (milliseconds: number) => void (nowMicroseconds += 1000 * milliseconds),
    fires: (): void => {
      const due = timers.filter(({ at }) => at <= nowMicroseconds);
      timers = timers.filter(({ at }) => at > nowMicroseconds);
      for (const { fire } of due) fire();
    },
  };
}

test("what a busy host sends late is not overtaken by what is due at once", () => {
  const { send, isBusy, fires, written } = line();
  send(1, 5);
  isBusy(20);
  send(2, 0);
  fires();
  expect(written.flat()).toEqual([1, 2]);
});

test("a late answer keeps those behind it waiting, and all leave in one piece", () => {
  const { send, isBusy, fires, written } = line();
  send(1, 0);
  send(2, 50);
  send(3, 0);
  expect(written).toEqual([[1]]);
  isBusy(50);
  fires();
  expect(written).toEqual([[1], [2, 3]]);
});

test("what is not due yet waits for its own time, and one timer is enough", () => {
  const { send, isBusy, fires, written, waiting } = line();
  send(1, 10);
  send(2, 30);
  expect(waiting()).toBe(1);
  isBusy(10);
  fires();
  expect(written).toEqual([[1]]);
  isBusy(20);
  fires();
  expect(written).toEqual([[1], [2]]);
  expect(waiting()).toBe(0);
});

test("what was on its way when the cable came out is lost", () => {
  const { sent, send, isBusy, fires, written } = line();
  send(1, 10);
  sent.forget();
  isBusy(10);
  fires();
  send(2, 0);
  expect(written).toEqual([[2]]);
});
