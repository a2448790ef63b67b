/**
 * Which bench may work on a chip. All times are the server's, ms. Nothing here changes anything.
 *
 * A lease has a fence: a number that grows each time that the chip passes from one bench to another. What a bench did under an older
 * fence is told from what its holder does now.
 */

export interface Lease {
  /** Undefined for a chip that its bench gave back: the record stays for its fence. */
  readonly bench: string | undefined;
  readonly fence: number;
  readonly expiresAt: number;
}

export interface LeaseTimes {
  /** How long a lease holds without a word from its bench. */
  readonly leaseMilliseconds: number;
  /** How long after its last word a bench counts as offline. */
  readonly silentMilliseconds: number;
}

export const usualLeaseTimes: LeaseTimes = { leaseMilliseconds: 60_000, silentMilliseconds: 60_000 };

/** A bench asks for a chip. */
export interface LeaseQuestion {
  readonly bench: string;
  readonly now: number;
  readonly lastHeardAt: number;
  /** When the chip last identified itself at this bench, by name and serial number; undefined for never. */
  readonly identifiedAt: number | undefined;
  /** When it last did so at any other bench. */
  readonly seenElsewhereAt: number | undefined;
  /** As it stands; undefined for a chip that no bench ever had. */
  readonly lease: Lease | undefined;
}

export type LeaseAnswer =
  | { readonly granted: true; readonly lease: Lease; readonly isNew: boolean }
  | {
      readonly granted: false;
      /**
       * `offline`: the bench was not heard for too long. `unseen`: the chip never identified itself there. `held`: another bench has it.
       * `identify`: the lease of another bench expired, and the chip has to identify itself here before it passes on. `moved`: it has since
       * identified itself at another bench, and has to do so here again.
       */
      readonly why: "offline" | "unseen" | "held" | "identify" | "moved";
      readonly holder: string | undefined;
    };

export function leaseFor(asked: LeaseQuestion, times: LeaseTimes = usualLeaseTimes): LeaseAnswer {
  const { bench, now, lease, identifiedAt, seenElsewhereAt } = asked;
  const refuse = (why: Extract<LeaseAnswer, { granted: false }>["why"]): LeaseAnswer => ({
    granted: false,
    why,
    holder: lease?.bench,
  });
  if (!isOnline(asked, times)) return refuse("offline");
  if (identifiedAt === undefined) return refuse("unseen");
  const expiresAt = now + times.leaseMilliseconds;
  if (seenElsewhereAt !== undefined && seenElsewhereAt > identifiedAt) return refuse("moved");
  if (lease?.bench === bench)
    return {
      granted: true,
      lease: { ...lease, expiresAt: Math.max(lease.expiresAt, expiresAt) },
      isNew: false,
    };
  if (lease?.bench !== undefined) {
    if (lease.expiresAt > now) return refuse("held");
    // It may still be at the bench that fell silent, whose memory of it says nothing.
    if (identifiedAt <= lease.expiresAt) return refuse("identify");
  }
  return { granted: true, lease: { bench, fence: (lease?.fence ?? 0) + 1, expiresAt }, isNew: true };
}

export function isOnline(
  { now, lastHeardAt }: Pick<LeaseQuestion, "now" | "lastHeardAt">,
  { silentMilliseconds }: LeaseTimes = usualLeaseTimes,
): boolean {
  return now - lastHeardAt <= silentMilliseconds;
}

/** Whether what a bench did under a fence was late: the chip had passed on. It is booked all the same, and marked. */
export function isLate(
  lease: Lease | undefined,
  { bench, fence }: { readonly bench: string; readonly fence: number },
): boolean {
  if (lease === undefined) return true;
  return lease.fence > fence || (lease.fence === fence && lease.bench !== undefined && lease.bench !== bench);
}
