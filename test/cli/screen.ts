import { EventEmitter } from 'node:events';

/** What a terminal of this size shows: it understands what the display sends (newline, `CSI n A`, `CSI J`, colours). */
export class Screen extends EventEmitter {
  isTTY = true;
  rows = 24;
  columns: number;
  written = '';
  writes = 0;
  private lines = [''];
  private row = 0;
  private column = 0;

  constructor(columns = 100) {
    super();
    this.columns = columns;
  }

  write(text: string): boolean {
    this.written += text;
    this.writes++;
    for (const [part, up] of text.matchAll(/\x1b\[(\d*)A|\x1b\[J|\x1b\[\d+m|[^]/g)) {
      if (up !== undefined) this.row = Math.max(0, this.row - Number(up));
      else if (part === '\x1b[J') this.clear();
      else if (part === '\n') this.newLine();
      else if (part === '\r') this.column = 0;
      else if (part.length === 1) this.put(part);
    }
    return true;
  }

  /** Lines that are wider than the new width are wrapped, as terminals do. */
  resize(columns: number): void {
    this.columns = columns;
    const wrapped = this.lines.flatMap((line) => line.match(new RegExp(`.{1,${columns}}`, 'gu')) ?? ['']);
    this.row += wrapped.length - this.lines.length;
    this.lines = wrapped;
    this.emit('resize');
  }

  get text(): string[] {
    return this.lines.filter((line) => line !== '');
  }

  private clear(): void {
    this.lines = this.lines.slice(0, this.row + 1);
    this.lines[this.row] = this.lines[this.row].slice(0, this.column);
  }

  private newLine(): void {
    this.row++;
    this.column = 0;
    this.lines[this.row] ??= '';
  }

  private put(char: string): void {
    if (this.column === this.columns) this.newLine();
    const line = this.lines[this.row];
    this.lines[this.row] = line.slice(0, this.column).padEnd(this.column) + char + line.slice(this.column + 1);
    this.column++;
  }
}
