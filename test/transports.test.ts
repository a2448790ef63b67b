import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { connect, type Socket } from "node:net";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { connectInProcess } from "../drivers/inProcess.ts";
import { lineTime } from "../lab/emulate/lineTime.ts";
import { SerialPort } from "serialport";
import { guardedBinding } from "../drivers/guardedBinding.ts";
import { openSerial, portFailed } from "../drivers/serial.ts";
import { openTcp } from "../drivers/tcp.ts";
import { openTcpLine } from "../emulator/tcpLine.ts";
import { bytesOf } from "../protocols/scpi/bytes.ts";
import { openPty } from "../emulator/pty.ts";
import { transportContract } from "./contracts/transport.ts";
import { emptyFolder, removeFoldersAfterEach } from "./support/folders.ts";

removeFoldersAfterEach();

transportContract("the line in process", () =>
  Promise.resolve({ transport: connectInProcess({ receive: (bytes) => [bytes] }), dispose() {} }),
);

transportContract("a serial port on a pseudo-terminal", async () => {
  const pty = openPty();
  pty.onBytes((bytes) => pty.write(bytes));
  const transport = await openSerial(pty.name, 115_200);
  return { transport, hangUp: () => pty.close(), dispose: () => pty.close() };
});

transportContract("a TCP connection", async () => {
  const line = await openTcpLine(0);
  line.onBytes((bytes) => line.write(bytes));
  const transport = await openTcp(line.name);
  return { transport, hangUp: () => line.close(), dispose: () => line.close() };
});

describe("a TCP connection", () => {
  it.each([
    ["127.0.0.1:1", /the connection was refused/],
    ["nowhere", /not a HOST:PORT/],
  ])("to %s is refused with a reason", async (target, message) => {
    await expect(openTcp(target)).rejects.toMatchObject({
      code: "port-failed",
      message: expect.stringMatching(message) as string,
    });
  });
});

describe("an emulated chip on TCP", () => {
  const texts = { turnedAway: "another program speaks to this chip\n", replaced: "another program came\n" };

  it("tells a second program why it is turned away, and keeps the first", async () => {
    const line = await openTcpLine(0, () => 0, texts);
    const heard: string[] = [];
    line.onBytes((bytes) => line.write(bytes));
    const first = await openTcp(line.name);
    const answered = new Promise<void>((resolve) => first.onBytes(() => resolve()));
    await first.write(bytesOf("hello"));
    await answered;
    const second = connectTo(line.name);
    // As query() does: it asks before it reads.
    second.write("*IDN?\n");
    second.on("data", (bytes: Buffer) => heard.push(bytes.toString()));
    await once(second, "close");
    expect(heard.join("")).toBe("another program speaks to this chip\n");
    const again = new Promise<void>((resolve) => first.onBytes(() => resolve()));
    await first.write(bytesOf("still here"));
    await again;
    await first.close();
    line.close();
  });

  it("keeps a client that has come and not spoken yet, and tells one that was quiet for 2 s that it is replaced", async () => {
    let now = 0;
    const line = await openTcpLine(0, () => now, texts);
    line.onBytes((bytes) => line.write(bytes));
    const first = connectTo(line.name);
    await once(first, "connect");
    const other = connectTo(line.name);
    expect(String(await once(other, "data"))).toBe("another program speaks to this chip\n");
    first.write("hello");
    expect(String(await once(first, "data"))).toBe("hello");
    now = 2_000_000;
    const second = connectTo(line.name);
    expect(String(await once(first, "data"))).toBe("another program came\n");
    second.write("hello");
    expect(String(await once(second, "data"))).toBe("hello");
    line.close();
  });
});

const connectTo = (name: string): Socket => connect(Number(name.split(":")[1]), "127.0.0.1");

describe("a serial port", () => {
  it("that does not exist is refused with its name and what to do", async () => {
    const opening = openSerial("/dev/ttyNoSuchPort", 115_200);
    await expect(opening).rejects.toMatchObject({
      code: "port-failed",
      message: expect.stringMatching(
        /\/dev\/ttyNoSuchPort: there is no such port\. Check the cable/,
      ) as string,
    });
  });

  it("goes on writing to a slow far end that speaks meanwhile", async () => {
    const pty = openPty();
    const port = await openSerial(pty.name, 115_200);
    let heard: () => void = () => {};
    port.onBytes(() => heard());
    // Nobody reads yet: the writer waits for room while the reader is woken, and waits again, three times.
    const written = port.write(new Uint8Array(400_000));
    for (let k = 0; k < 3; k++) {
      const hearing = new Promise<void>((resolve) => (heard = resolve));
      pty.write(Uint8Array.of(k));
      await hearing;
    }
    let arrived = 0;
    pty.onBytes((bytes) => void (arrived += bytes.length));
    await written;
    expect(arrived).toBeGreaterThan(0);
    await port.close();
    pty.close();
  });

  it("that somebody holds is refused, and opens once it is free", async () => {
    const pty = openPty();
    const first = await openSerial(pty.name, 115_200);
    await expect(openSerial(pty.name, 115_200)).rejects.toMatchObject({
      code: "port-failed",
      message: expect.stringMatching(/process \d+\) holds it since/) as string,
    });
    await first.close();
    const second = await openSerial(pty.name, 115_200);
    await second.close();
    pty.close();
  });

  it.runIf(process.platform === "linux")(
    "that another program holds by the system's lock alone is refused, naming that program and its user",
    async () => {
      const pty = openPty();
      // As a program does that knows nothing of this one's locks.
      const other = await guardedBinding(SerialPort).open({ path: pty.name, baudRate: 115_200, lock: true });
      await expect(openSerial(pty.name, 115_200)).rejects.toMatchObject({
        code: "port-failed",
        message: expect.stringMatching(
          new RegExp(
            `\\(process ${process.pid} of uid ${process.getuid?.()}\\) holds it. Close that program`,
          ),
        ) as string,
      });
      await other.close();
      await (await openSerial(pty.name, 115_200)).close();
      pty.close();
    },
  );
});

describe("a serial port that this user may not open", () => {
  const denied = (path: string): string =>
    portFailed(path, new Error(`Error: Permission denied, cannot open ${path}`)).message;

  it.runIf(process.platform === "linux")(
    "is refused with the command that joins the group that owns it",
    () => {
      const file = join(emptyFolder(), "port");
      writeFileSync(file, "");
      const group = execFileSync("stat", ["-c", "%G", file], { encoding: "utf8" }).trim();
      expect(denied(file)).toContain(`(sudo usermod -aG ${group} $USER), then log out and in again`);
    },
  );

  it("is refused with the usual group where the owner is not known", () => {
    expect(denied("/dev/no-such-port")).toContain("sudo usermod -aG dialout $USER");
  });
});

describe("a paced line", () => {
  it("passes bytes at its rate each way, one after the other", () => {
    let now = 0;
    const line = lineTime(300_000, () => now);
    expect(line.inward(3000)).toBeCloseTo(10, 9);
    expect(line.inward(3000)).toBeCloseTo(20, 9);
    expect(line.outward(300, 20)).toBeCloseTo(21, 9);
    now = 1_000_000;
    expect(line.inward(300)).toBeCloseTo(1, 9);
    expect(line.outward(300, 1)).toBeCloseTo(2, 9);
  });

  it("that is not paced lets all through at once", () => {
    const line = lineTime(undefined, () => 0);
    expect([line.inward(1e6), line.outward(1e6, 5)]).toEqual([0, 0]);
  });
});
