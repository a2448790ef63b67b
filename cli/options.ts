/** The flags that every command takes. */
export interface CommonOptions {
  readonly json: boolean;
  readonly quiet: boolean;
  readonly seed: number;
  readonly workspace?: string;
}

export interface DemoOptions extends CommonOptions {
  readonly network: "mlp";
  readonly weights?: string;
  readonly chip?: string;
  readonly out: string;
}

/** Where runs are kept when nobody says otherwise. */
export const defaultWorkspace = "mho-workspace";
