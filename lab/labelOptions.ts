/** What a run may be begun with, so that it is found again. Every call that begins a run takes these. */
export interface LabelOptions {
  /** What the run is called, in place of the name of what is programmed. */
  readonly title?: string | undefined;
  /** Kept with the run's other notes. */
  readonly note?: string | undefined;
  readonly tags?: readonly string[] | undefined;
  /** Who begins the run; that of the config file where none is given. */
  readonly operator?: string | undefined;
}
