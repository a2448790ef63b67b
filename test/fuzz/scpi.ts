import { isIdentification } from "../../drivers/scpi/probe.ts";
import { pcm64 } from "../../emulator/presets.ts";
import { ScpiFirmware } from "../../emulator/scpiFirmware.ts";
import { bytesOf, textOf } from "../../protocols/scpi/bytes.ts";
import { ScpiError } from "../../protocols/scpi/errors.ts";
import { maxMessageBytes, MessageReader } from "../../protocols/scpi/messageReader.ts";
import {
  booleanOf,
  channelsOf,
  choiceOf,
  integerOf,
  numberOf,
  rowsOf,
} from "../../protocols/scpi/parameters.ts";
import { type Parameter, parseMessage } from "../../protocols/scpi/parse.ts";
import {
  decodeTaggedReply,
  decodeTaggedRequest,
  encodeTaggedReply,
  encodeTaggedRequest,
} from "../../protocols/scpi/taggedLine.ts";
import { surface } from "./surface.ts";

const codes = Array.from({ length: 256 }, (_, i) => (i * 7) % 600).join(",");
const lines: readonly string[] = [
  "*IDN?;:SYST:BOOT?;:SYST:GEOM?;:SYST:CAP?;:OUTP ON",
  "FORM ASC;:AVER:COUN 2;:MEAS:CODE? (@0!5);:FETC:TIME?",
  `PULS:KIND RES;WIDT 100 NS;TRA 0 NS;GATE 0;IMM (@0!5),${codes};:FETC:TIME?`,
  "OUTP ON;:PULS (@0!1),#206\n\n\r\n\x00\x01;A \"a#15b\",'x''y'",
  "FORM:BORD SWAP;:FORM REAL,32;:MEAS:COND? (@0!3!17,0!3!20:0!3!23)",
  "SYSTem:ERRor:NEXT?;*OPC;*OPC?;*SRE #H20;*ESE #B101;*STB?;STAT:QUES:COND?",
  "SYST:TIME:ADV 1.000000 S;:SYST:TIME?;:MEAS:TEMP?;:MEAS:SUPP?;:MEAS:REF? 0",
  "VER:TARG (@0!5),1 USIE;MARG 0.5 MAOHM;*RST;*CLS;ABOR;:OUTP OFF",
];
const tagged = lines.map((rest, i) => encodeTaggedRequest({ session: 77, tag: i + 1, rest }));
const answered = ['a,pcm-64,S1,f;1;1,64,64,4;"VIRTUALTIME";0,"No error"', `${codes};5;0,"No error"`].map(
  (rest) => encodeTaggedReply({ session: 77, tag: 1, rest }),
);

/** Gives every line that has a tag a right checksum. */
export function rechecked(bytes: Uint8Array): Uint8Array {
  const lines = textOf(bytes).split("\n");
  return bytesOf(
    lines
      .map((line) => {
        const match = /^(SYST:TAG\? )?(\d{1,10}),(\d{1,10}),#H[0-9A-F]{8};/i.exec(line);
        if (match === null) return line;
        const [head, ask = "", session, tag] = match;
        const rest = line.slice(head.length);
        // A number of more than 32 bits has no checksum that is right.
        if (Math.max(Number(session), Number(tag)) > 0xffffffff) return line;
        return ask + encodeTaggedReply({ session: Number(session), tag: Number(tag), rest });
      })
      .join("\n"),
  );
}

/** Whether a board that keeps to the grammar refuses. */
function obeys(work: () => unknown): boolean {
  try {
    work();
    return true;
  } catch (error) {
    if (error instanceof ScpiError) return false;
    throw error;
  }
}

const readings: readonly ((parameter: Parameter) => unknown)[] = [
  (parameter) => numberOf(parameter, "time", { min: 0, max: 1, def: 0 }),
  (parameter) => numberOf(parameter, "conductance"),
  (parameter) => integerOf(parameter, 0, 1023),
  booleanOf,
  (parameter) => choiceOf(parameter, ["NORMal", "SWAPped"]),
  (parameter) => rowsOf(channelsOf(parameter)),
];

export const scpiSurfaces = [
  surface("scpi-reader", 1200, {
    corpus: [...lines, ...tagged].map((line) => bytesOf(`${line}\n`)),
    language: "text",
    feed(bytes) {
      let messages = 0;
      new MessageReader().push(
        bytes,
        () => messages++,
        () => {},
      );
      return messages > 0;
    },
  }),
  surface("scpi-parser", 450, {
    corpus: lines.map(bytesOf),
    language: "text",
    feed: (bytes) =>
      obeys(() => {
        // As the reader cuts them.
        for (const { parameters } of parseMessage(textOf(bytes.subarray(0, maxMessageBytes))))
          // Each refusal makes a stack trace; a few show all there is.
          for (const parameter of parameters.slice(0, 12))
            for (const read of readings) obeys(() => read(parameter));
      }),
  }),
  surface("tagged-line", 600, {
    corpus: [...tagged, ...answered].map(bytesOf),
    language: "text",
    repair: rechecked,
    feed(bytes) {
      const line = textOf(bytes);
      const request = decodeTaggedRequest(line);
      return decodeTaggedReply(line) !== undefined || (request !== undefined && request !== "damaged");
    },
  }),
  surface("identification", 300, {
    corpus: ["IBM,pcm-64,S1,f 1\r\n", "noise\n\na,b,c,d,e\n", ",,,\n"].map(bytesOf),
    language: "text",
    feed: (bytes) => isIdentification(textOf(bytes)),
  }),
  surface("scpi-firmware", 6, {
    corpus: [...lines.map((line) => bytesOf(`OUTP ON\n${line}\n`)), bytesOf(`${tagged.join("\n")}\n`)],
    language: "text",
    repair: rechecked,
    feed: (bytes) => new ScpiFirmware(pcm64(1), 7).receive(bytes, 0).length > 0,
  }),
];

/** Lines that a chip may answer with, without what stands before them. */
export const replyLines = [
  'a,pcm-64,S1,f;1;1,64,64,4;"VIRTUALTIME"',
  `${codes};5`,
  "5",
  "25.5;3.3",
  "1,2,3",
].map((reply) => bytesOf(`${reply};0,"No error"`));
