/** What is done at a pace. */
export interface Work {
  /** Is there anything to do at all? Asked before each turn. */
  hasWork(): boolean;
  /** The next thing; answers with the time until the one after it, in ms. Where it throws, `fail` decides that. */
  advance(): Promise<number>;
  fail(error: unknown): number;
}

/** Does a thing again and again, each time when it is due, while there is work. */
export class Pace {
  private readonly work: Work;
  private running = false;
  private wake: (() => void) | null = null;
  private dueAt = 0;

  constructor(work: Work) {
    this.work = work;
  }

  /** Runs the loop; where it is asleep, lets it look again whether it is due. */
  start(): void {
    if (this.running) this.wake?.();
    else void this.run();
  }

  /** Brings what comes next forward by so many ms. */
  hasten(ms: number): void {
    this.dueAt -= ms;
  }

  private async run(): Promise<void> {
    const { work } = this;
    this.running = true;
    this.dueAt = Math.max(this.dueAt, performance.now());
    while (work.hasWork()) {
      // Also where it is late it sleeps for a moment: sockets and Ctrl-C come first.
      await this.sleep(Math.max(0, this.dueAt - performance.now()));
      if (!work.hasWork() || performance.now() < this.dueAt) continue;
      const delayMs = await work.advance().catch((error: unknown) => work.fail(error));
      // A late step is not made up for: watchers would see haste.
      this.dueAt = Math.max(this.dueAt + delayMs, performance.now());
    }
    this.running = false;
  }

  private sleep(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}
