import type { JobChange, JobList } from "./job.ts";

/** Where jobs are kept. What a call has acknowledged survives a crash of the process or of the machine. */
export interface JobStore {
  jobs(): Promise<JobList>;
  /**
   * Changes the queue in one commit: no other process changes it between the list that `decide` sees and what it answers.
   *
   * @param decide  the changes to make; it may throw, and then none is made.
   * @returns       the list after them.
   */
  changeJobs(decide: (jobs: JobList) => readonly JobChange[]): Promise<JobList>;
}
