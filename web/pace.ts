/** How fast a run goes: devices since it was begun or went on, pulses in the last moments. */
export class Pace {
  #begun: { at: number; inPlace: number } | undefined;
  #resumedAt = "";
  #recent: { at: number; inPlace: number; pulses: number }[] = [];

  /** A run that went on is not to be judged by its pause. */
  beginAt(resumedAt: string | undefined): void {
    if (resumedAt === undefined || resumedAt === this.#resumedAt) return;
    this.#resumedAt = resumedAt;
    const inPlace = this.#recent.findLast(({ at }) => at <= Date.parse(resumedAt))?.inPlace ?? 0;
    this.#begun = { at: Date.parse(resumedAt), inPlace };
  }

  note(decidedAt: string, inPlace: number, pulses: number): void {
    const at = Date.parse(decidedAt);
    if (Number.isNaN(at)) return;
    this.#begun ??= { at, inPlace };
    this.#recent.push({ at, inPlace, pulses });
    if (this.#recent.length > mostRecent) this.#recent.shift();
  }

  /** Per second; 0 while too little is known. */
  rates(): { devicesPerSecond: number; pulsesPerSecond: number } {
    const last = this.#recent.at(-1);
    if (last === undefined || this.#begun === undefined) return { devicesPerSecond: 0, pulsesPerSecond: 0 };
    const first = this.#recent.find(({ at }) => last.at - at <= recentMilliseconds)!;
    return {
      devicesPerSecond: perSecond(last.inPlace - this.#begun.inPlace, last.at - this.#begun.at),
      pulsesPerSecond: perSecond(last.pulses - first.pulses, last.at - first.at),
    };
  }
}

const mostRecent = 400;
const recentMilliseconds = 10_000;

function perSecond(count: number, milliseconds: number): number {
  return milliseconds < 500 ? 0 : Math.max(0, (1000 * count) / milliseconds);
}
