import { afterEach, describe, expect, it } from "vitest";
import { connectInProcess } from "../drivers/inProcess.ts";
import { type Answer, askLine, askPort } from "../drivers/ports.ts";
import { openPty } from "../emulator/pty.ts";
import type { ServedLine } from "../emulator/servedLine.ts";
import { pcm64 } from "../emulator/presets.ts";
import { decodeTaggedRequest, encodeTaggedReply } from "../protocols/scpi/taggedLine.ts";
import { builtInDialects, dialectNamed, emulatedChip } from "../lab/dialects.ts";

const lines: ServedLine[] = [];
const talking: NodeJS.Timeout[] = [];
afterEach(() => {
  for (const timer of talking.splice(0)) clearInterval(timer);
  for (const line of lines.splice(0)) line.close();
});

const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);

/** A port that says something every so often, whatever it is asked, and answers each line of text that it is sent. */
function askChatter(
  milliseconds: number,
  says: (n: number) => string,
  answers?: (line: string) => string,
): Promise<Answer> {
  const pty = openPty();
  lines.push(pty);
  let n = 0;
  talking.push(setInterval(() => pty.write(bytesOf(says(n++))), milliseconds));
  pty.onBytes((bytes) => {
    const text = new TextDecoder("latin1").decode(bytes);
    for (const line of text.split("\n").slice(0, -1)) if (answers) pty.write(bytesOf(answers(line)));
  });
  return askPort(pty.name, 115_200, builtInDialects);
}

const position = "120000.00,5200.000,N,00400.000,E,1,08,1.0,10.0,M,46.0,M,,*5A\r\n";

describe("a port that talks unasked", () => {
  it.each([
    ["a GPS receiver that stands still", () => `$GPGGA,${position}`],
    ["a GPS receiver whose time goes on", (n: number) => `$GPGGA,${n}${position}`],
    ["a boot log", () => "[  12.3] wifi: state, scan, ssid, none\r\n"],
  ])("is no chip: %s", async (_, says) => {
    const answers = await Promise.all([40, 200, 330, 1000].map((period) => askChatter(period, says)));
    expect(answers).toEqual(answers.map(() => ({ kind: "silent" })));
  });

  it("is no chip when it answers every line with the same words and goes on talking", async () => {
    const log = (): string => "a,b,c,d\n";
    expect(await askChatter(60, log, log)).toEqual({ kind: "silent" });
  });

  it("is no chip when it echoes, or refuses what it does not know", async () => {
    expect(await askChatter(1e6, String, (line) => `${line}\n`)).toEqual({ kind: "silent" });
    expect(await askChatter(1e6, String, (line) => `echo:Unknown command: "${line}"\nok\n`)).toEqual({
      kind: "silent",
    });
  });

  it("is a chip when it answers the same each time, and a tagged line as one, after what it said at its start", async () => {
    let greeted = false;
    const answer = (line: string): string => {
      if (!line.includes("*IDN?")) return "";
      const hello = greeted ? "" : "booting, please, wait, now\nready\n";
      greeted = true;
      const tagged = decodeTaggedRequest(line);
      const rest = "ACME,pcm-64,S1,f 1";
      return `${hello}${typeof tagged === "object" ? encodeTaggedReply({ ...tagged, rest }) : rest}\n`;
    };
    expect(await askChatter(1e6, String, answer)).toMatchObject({
      kind: "chip",
      dialect: "scpi",
      name: "pcm-64",
      serialNumber: "S1",
    });
  });

  it("is silent when it says commas without an end", async () => {
    const commas = connectInProcess({ receive: () => [bytesOf(",".repeat(100_000))] });
    expect(await askLine(commas, builtInDialects, 200)).toEqual({ kind: "silent" });
  });
});

describe("what answers and is no chip", () => {
  /** A power supply: it answers a question that it does not know with nothing, and keeps what it was sent. */
  function powerSupply(
    answers: Readonly<Record<string, string>>,
  ): Promise<{ answer: Answer; sent: string[] }> {
    const sent: string[] = [];
    const answer = askChatter(1e6, String, (line) => {
      sent.push(line);
      const units = line.trim().split(";");
      const first = answers[units[0]!];
      return first === undefined ? "" : `${first}\n`;
    });
    return answer.then((found) => ({ answer: found, sent }));
  }
  const idn = { "*IDN?": "RIGOL TECHNOLOGIES,DP832,DP8C1,00.01.16" };

  it("has one refusal of four fields for everything, and is silent", async () => {
    const refuses = await askChatter(1e6, String, (line) =>
      line.trim() === "" ? "" : "ERROR,12,unknown command,see manual\n",
    );
    expect(refuses).toEqual({ kind: "silent" });
  });

  it("is a power supply, and is listed as an instrument by what it calls itself", async () => {
    const { answer } = await powerSupply({ ...idn, "*STB?": "0" });
    expect(answer).toEqual({ kind: "instrument", calledItself: idn["*IDN?"] });
  });

  it("is an instrument too where it goes on after a header that it does not know", async () => {
    const answer = await askChatter(1e6, String, (line) =>
      line.includes("*IDN?") ? `${idn["*IDN?"]}\n` : line.includes("*STB?") ? "+32\n" : "",
    );
    expect(answer).toEqual({ kind: "instrument", calledItself: idn["*IDN?"] });
  });

  it("is sent no line of text but questions, which set nothing", async () => {
    const { sent } = await powerSupply({ ...idn, "*STB?": "0" });
    const text = sent.filter((line) => /^[\x20-\x7e]+$/.test(line));
    expect(text.length).toBeGreaterThan(3);
    for (const unit of text.flatMap((line) => line.split(";")))
      expect(unit).toMatch(/^[*:A-Z]+\?( [\d,#A-FH]+)?$/);
  });
});

describe("a chip on a port", () => {
  const asked = builtInDialects.filter((dialect) => dialect.probe !== undefined);
  it.each(asked.map(({ name }) => name))("is found in its dialect: %s", async (name) => {
    const firmware = emulatedChip(dialectNamed(builtInDialects, name), pcm64(1), 7);
    const pty = openPty();
    lines.push(pty);
    pty.onBytes((bytes) => firmware.receive(bytes, 0).forEach((reply) => pty.write(reply)));
    expect(await askPort(pty.name, 115_200, builtInDialects)).toMatchObject({
      kind: "chip",
      dialect: name,
      serialNumber: "EMU-7",
    });
  });
});
