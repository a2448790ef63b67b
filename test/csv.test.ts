import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { parseCsv } from "../files/csv.ts";
import { textOf } from "../files/text.ts";
import { readWeights } from "../files/weights.ts";
import { emptyFolder, removeFoldersAfterEach } from "./support/folders.ts";

removeFoldersAfterEach();

function read(text: string, withGaps = false): number[][] {
  const { shape, values } = parseCsv(text, "given.csv", withGaps);
  const [rows = 0, columns = 0] = shape;
  return Array.from({ length: rows }, (_, r) =>
    Array.from({ length: columns }, (_, c) => Number(values[r * columns + c]!.toPrecision(6))),
  );
}

const refusal = (text: string, withGaps = false): string => {
  try {
    return `read as ${JSON.stringify(read(text, withGaps))}`;
  } catch (error) {
    expect(error).toMatchObject({ code: "bad-file" });
    return (error as Error).message;
  }
};

const two = [
  [0.1, 0.2],
  [0.3, 0.4],
];

describe("what stands between numbers", () => {
  it.each([
    ["commas", "0.1,0.2\n0.3,0.4\n"],
    ["commas and blanks", "0.1, 0.2\n0.3 , 0.4"],
    ["blanks", "  0.1   0.2\n 0.3 0.4 \n"],
    ["tabs", "0.1\t0.2\r\n0.3\t0.4\r\n"],
    ["semicolons", "0.1;0.2\n0.3;0.4\n"],
    ["semicolons and decimal commas", "0,1;0,2\n0,3;0,4\n"],
    ["tabs and decimal commas", "0,1\t0,2\n0,3\t0,4\n"],
    ["what Excel declares", "sep=;\r\n0,1;0,2\r\n0,3;0,4\r\n"],
    ["a comma at the end of every line, too", "0.1,0.2,\n0.3,0.4,\n"],
    ["quotation marks", '"0.1","0.2"\n"0.3","0.4"\n'],
    ["line ends of an old Mac", "0.1,0.2\r0.3,0.4\r"],
    ["line ends that Python doubled", "0.1,0.2\r\r\n0.3,0.4\r\r\n"],
    ["an empty line", "0.1,0.2\n\n0.3,0.4\n\n\n"],
    ["exponents", "1e-1,2E-01\n+3e-1,.4\n"],
  ])("%s", (_, text) => {
    expect(read(text)).toEqual(two);
  });

  it.each([
    ["0,138\n-0,329\n", 'line 1 has "0,138", which looks like a number with a decimal comma'],
    ["0,138,-0,065\n1,2,3,4\n", 'line 1, column 4 has "065", which looks like the end'],
    ['"0,138","0,2"\n', 'line 1, column 1 has "0,138" where a number'],
    ["a,b\n0,138,0,2\n", "line 1 names 2 columns, and the next one has 4 numbers"],
    ["1.5;2.5\n0,1;2\n", 'line 2, column 1 has "0,1", and line 1 the other decimal sign'],
    ["1.234,5;2\n", 'line 1, column 1 has "1.234,5" where a number'],
    ["1,234,567\t2\n", 'line 1, column 1 has "1,234,567" where a number'],
    ["sep=|\n1|2\n", 'line 1 says that "|" stands between'],
    ["57.000;12.500\n1.125;2.375\n", 'line 1, column 1 has "57.000", which is 57 or, where points stand'],
    [
      "125;-1.250\n7;12.000\n",
      'column 2 has "-1.250", which is -1.25 or, where points stand between thousands, -1250',
    ],
    ["a\tb\n57.000\t3\n", 'line 2, column 1 has "57.000", which is 57 or'],
  ])("%j is refused: its decimal sign is in doubt", (text, message) => {
    expect(refusal(text)).toContain(message);
  });
});

it.each([
  "0.125;57.000\n",
  "57.000;12.5\n",
  "57.000;2.375e0\n",
  "57.000;0.000\n",
  "57.000,12.000\n",
  "57.000 12.000\n",
])("the point in %j is a decimal one", (text) => {
  expect(read(text).flat()).toContain(57);
});

describe("a heading", () => {
  it.each([
    "a,b\n",
    "weights of layer 1\n",
    "# any\n# comments\no0,o1\n",
    '"with a\nline end",b\n',
    "value,error\n",
  ])("%j is left out", (heading) => {
    expect(read(`${heading}0.1,0.2\n0.3,0.4\n`)).toEqual(two);
  });

  it.each([
    ["nan,nan", 'line 1, column 1 has "nan"'],
    ["inf,-inf", 'line 1, column 1 has "inf"'],
    [
      "\u22120.5,\u22120.6",
      'line 1, column 1 has "\u22120.5" where a number should be. Write an ordinary minus',
    ],
    ["1.0D-01,2.0D-01", 'line 1, column 1 has "1.0D-01" where a number should be. Write 1.0E-01.'],
    ["#N/A,0.5", 'line 1, column 1 has "#N/A"'],
    [",", 'line 1, column 1 has ""'],
    ["-,-", 'line 1, column 1 has "-"'],
    ["--,--", 'line 1, column 1 has "--"'],
    ["NA,N/A", 'line 1, column 1 has "NA"'],
    ["null,None", 'line 1, column 1 has "null"'],
    ["TRUE,FALSE", 'line 1, column 1 has "TRUE"'],
    ["OL,OL", 'line 1, column 1 has "OL"'],
    ["open,short", 'line 1, column 1 has "open"'],
    ["no data,no data", 'line 1, column 1 has "no data"'],
    ["0x1F,0x20", 'line 1, column 1 has "0x1F"'],
    ["0.1 V,0.2 V", 'line 1, column 1 has "0.1 V"'],
    ["x,0.5", 'line 1, column 1 has "x"'],
    ["a,b\nc,d", 'line 2, column 1 has "c"'],
  ])("is none of %j, which is refused as on any other line", (first, message) => {
    expect(refusal(`${first}\n0.1,0.2\n`)).toContain(message);
    if (!first.includes("a,b"))
      expect(refusal(`0.1,0.2\n${first}\n`)).toContain(message.replace("line 1", "line 2"));
  });
});

describe("no row is left out", () => {
  it.each([
    "#N/A",
    "#DIV/0!",
    "#REF!",
    "#NAME?",
    "#NUM!",
    "#VALUE!",
    "#NULL!",
    "#NV",
    "#WERT!",
    '"#N/A"',
    "#####",
    "#I/T",
    "#Н/Д",
    "#YOK",
    "#UNKNOWN",
    "#Hata",
  ])("a row that begins with %s is refused, and is no comment", (value) => {
    expect(refusal(`0.1,0.2,0.3\n${value},0.5,0.6\n0.7,0.8,0.9\n`)).toContain("line 2, column 1 has");
  });

  it.each([
    ["1,2\n,\n3,4\n", 'line 2, column 1 has ""'],
    ["1\t2\n\t\n3\t4\n", 'line 2, column 1 has ""'],
    ["1,2\n3,\n", 'line 2, column 2 has ""'],
    ["1,2,\n3,4,5\n", 'line 1, column 3 has ""'],
    ["1\n\n2\n", "line 2 is empty, where a number of the only column may be missing"],
    ["1,2\n3 # not this,4\n", 'line 2, column 1 has "3 # not this"'],
    ['1,"2\n3,4\n', "line 1 has a quotation mark"],
    ["1,2\n3\n", "line 2 has 1 numbers and those before it 2"],
  ])("%j is refused with its line", (text, message) => {
    expect(refusal(text)).toContain(message);
  });

  it("comments may stand anywhere, with any quotation marks, and shift no line", () => {
    expect(read('# "µS\n0.1,0.2\n  # half "way\n0.3,0.4\n#\n')).toEqual(two);
    expect(refusal("# one\n1,2\n# three\n1,x\n")).toContain("line 4, column 2");
    // As many cells, but a blank after #, a number, or a word; and another number of cells.
    expect(read("# N,7\n#0.5,7\n#a,b\n0.1,0.2\n0.3,0.4\n#T,25,C\n#VERSION\n")).toEqual(two);
    expect(refusal("1,2\n#T,25\n1,2\n")).toContain("If the line is a comment, put a blank after #.");
  });

  it("nan is a device that is left alone, where that is possible", () => {
    expect(read("nan,1\n2,NaN\n", true)).toEqual([
      [NaN, 1],
      [2, NaN],
    ]);
    expect(refusal("1,\n2,3\n", true)).toContain("or nan for a device that is left alone");
  });
});

describe("numbers of rows and columns", () => {
  it.each([
    ["pandas, with its index", ",o0,o1\n0,0.1,0.2\n1,0.3,0.4\n"],
    ["pandas, with column numbers too", ",0,1\n0,0.1,0.2\n1,0.3,0.4\n"],
    ["pandas, of rows that were chosen", ",o0,o1\n2,0.1,0.2\n7,0.3,0.4\n"],
    ["R's write.csv", '"","V1","V2"\n"1",0.1,0.2\n"2",0.3,0.4\n'],
    ["R's write.table", '"V1" "V2"\n"1" 0.1 0.2\n"2" 0.3 0.4\n'],
    ["rows with names", ",o0,o1\nfirst,0.1,0.2\nsecond,0.3,0.4\n"],
  ])("%s: they are no weights", (_, text) => {
    expect(read(text)).toEqual(two);
  });

  it.each([
    ["0,1,2\n0.1,0.2,0.3\n", "line 1 counts the columns: 0, 1, 2"],
    ["1,2,3\n0.1,0.2,0.3\n", "line 1 counts the columns: 1, 2, 3"],
    ["0,1,2\n5,9,-3\n", "line 1 counts the columns"],
    ["0,0.1\n1,0.2\n2,0.3\n", "column 1 counts the rows: 0, 1, 2, from line 1 on"],
    ["id,o0\n0,0.1\n1,0.2\n", "column 1 (id) counts the rows"],
    ["Unnamed: 0,o0\n3,0.1\n4,0.2\n", "column 1 (Unnamed: 0) counts the rows"],
    ["row,col,G\n0,0,0.1\n0,1,0.2\n", "line 1 names row, col, G: a list of places is not a matrix"],
    [",b\n0.5,0.1\n0.25,0.2\n", "line 1 has no name for column 1"],
    ["a,b,\n0.5,0.25,0\n0.75,0.1,1\n", "line 1 names 2 columns, and the next one has 3 numbers"],
    ["0,0,0.1\n0,1,0.2\n1,0,0.3\n1,1,0.4\n", "columns 1 and 2 are whole numbers that ascend, from line 1 on"],
    ["a b c\n1 1 0.5\n4 1 0.25\n2 2 1\n3 3 -0.5\n", "a list of places is not a matrix"],
    [
      "%%MatrixMarket matrix array real general\n2 1\n0.5\n0.1\n",
      "line 1 says that it is a MatrixMarket file",
    ],
  ])("%j is refused: it is in doubt", (text, message) => {
    expect(refusal(text)).toContain(message);
  });

  it("a matrix of whole numbers is one", () => {
    expect(read("0,1\n1,0\n")).toEqual([
      [0, 1],
      [1, 0],
    ]);
    expect(read("0,1,2\n3,4,5\n")).toEqual([
      [0, 1, 2],
      [3, 4, 5],
    ]);
    for (const text of [
      "0,0,0.5\n0,1,0.2\n1,0,0.1\n0,1,0.3\n",
      "0,0,1\n0,1,2\n1,0,3\n1,1,0\n",
      "5,1,0.5\n7,0,0.2\n2,1,0.3\n",
    ])
      expect(read(text)).toHaveLength(text.trim().split("\n").length);
    expect(read("0.0,1,2\n0.5,0.25,3\n")).toEqual([
      [0, 1, 2],
      [0.5, 0.25, 3],
    ]);
  });
});

describe("the encoding of a text", () => {
  const text = "Widerstand,µS\r\n0.1,0.2\r\n0.3,0.4\r\n";
  const utf16 = (mark: boolean, swap: boolean): Buffer => {
    const bytes = Buffer.from((mark ? "\ufeff" : "") + text, "utf16le");
    return swap ? bytes.swap16() : bytes;
  };

  it.each([
    ["UTF-8", Buffer.from(text)],
    ["UTF-8 with a mark", Buffer.from(`\ufeff${text}`)],
    ["UTF-16, as PowerShell writes it", utf16(true, false)],
    ["UTF-16 the other way round", utf16(true, true)],
    ["UTF-16 without a mark", utf16(false, false)],
    ["Windows-1252", Buffer.from(text, "latin1")],
  ])("%s is read", async (_, bytes) => {
    expect(read(textOf(bytes, "given.csv"))).toEqual(two);
    const path = join(emptyFolder(), "w.csv");
    writeFileSync(path, bytes);
    expect(await readWeights(path)).toMatchObject([{ inputs: 2, outputs: 2 }]);
  });

  it.each([
    ["UTF-32", Buffer.from([0xff, 0xfe, 0, 0, 0x31, 0, 0, 0]), /written in UTF-32\. Save it as UTF-8/],
    [
      "half a character of UTF-16",
      Buffer.from([0xff, 0xfe, 0x31, 0, 0x32]),
      /damaged or cut: it begins as utf-16le/,
    ],
    ["bytes of zero", Buffer.from("1,2\n3,\u00004\n"), /is not text/],
  ])("%s is refused by name", (_, bytes, message) => {
    expect(() => textOf(bytes, "given.csv")).toThrow(message);
  });
});
