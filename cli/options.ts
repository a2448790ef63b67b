import type { MethodName } from "../src/program/methods.ts";

/** The flags that every command takes. */
export interface CommonOptions {
  readonly json: boolean;
  readonly quiet: boolean;
  readonly seed: number;
  readonly workspace?: string;
}

/** Networks that come with mho, with images to judge them by. */
export const exampleNetworks = ["cnn", "mlp", "lstm", "transformer"] as const;
export type ExampleNetwork = (typeof exampleNetworks)[number];

export interface DemoOptions extends CommonOptions {
  readonly network: ExampleNetwork;
  readonly onnx?: string;
  readonly images?: string;
  readonly labels?: string;
  readonly weights?: string;
  readonly repeats?: string;
  readonly chip?: string;
  readonly transcript?: string;
  readonly out: string;
}

export interface EmulateOptions extends CommonOptions {
  readonly link?: string;
  readonly tcp?: string;
  readonly faults?: string;
  readonly timeScale?: string;
  readonly pace: boolean;
  readonly dialect?: string;
  readonly control?: string | true;
}

export interface OptimizeOptions extends CommonOptions {
  readonly model: string;
  readonly tensor?: readonly string[];
  readonly layout: "single-pair" | "dual-pair" | "n-pair";
  readonly pairs?: string;
  readonly significance: string;
  readonly scale: string;
  readonly times?: string;
  readonly timeWeights?: string;
  readonly compensation: "least-squares" | "mean-absolute";
  readonly alpha: "tile" | "column";
  readonly per: "layer" | "tile" | "network";
  readonly tile: string;
  readonly clip: string;
  readonly pairCorrelation: string;
  readonly out: string;
}

export interface ResumeOptions extends CommonOptions {
  readonly chip?: string;
  readonly transcript?: string;
  readonly minYield?: string;
}

export interface ProgramOptions extends ResumeOptions {
  readonly weights?: string;
  readonly model?: string;
  readonly method?: MethodName;
  readonly sweep: string;
  readonly budget?: string;
  readonly dryRun?: boolean;
}

export interface FitOptions extends CommonOptions {
  readonly out: string;
  readonly model?: string;
  readonly name?: string;
}

export interface TrimOptions extends ResumeOptions {
  readonly model?: string;
  readonly times?: string;
  readonly budget?: string;
  readonly dryRun?: boolean;
}

export interface ExportOptions extends CommonOptions {
  readonly to: "parquet" | "csv" | "npz" | "aihwkit";
  readonly out?: string;
  readonly times: string;
}

export interface ReportOptions extends CommonOptions {
  readonly out: string;
  readonly model?: string;
  readonly strategy?: string;
  readonly network?: ExampleNetwork;
  readonly onnx?: string;
  readonly images?: string;
  readonly labels?: string;
}

export interface ServeOptions extends CommonOptions {
  readonly host: string;
  readonly port: string;
  readonly token?: string;
}

export interface WatchOptions extends CommonOptions {
  readonly chip?: string;
  readonly transcript?: string;
  readonly until?: string;
  readonly perDecade?: string;
  readonly averages?: string;
}

/** Where runs are kept when nobody says otherwise. */
export const defaultWorkspace = "mho-workspace";
