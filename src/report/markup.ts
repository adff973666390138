/** A piece of HTML that is safe as it is. Made by `html`, which escapes whatever else is put into it. */
export class Markup {
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }
}

type Insert = string | number | Markup | readonly Markup[];

/** Template tag: everything inserted is escaped, other `Markup` is taken as it is, lists are joined. */
export function html(parts: TemplateStringsArray, ...inserts: readonly Insert[]): Markup {
  return new Markup(parts.reduce((text, part, i) => text + write(inserts[i - 1]) + part));
}

export const NONE = new Markup('');

function write(insert: Insert): string {
  if (insert instanceof Markup) return insert.text;
  if (typeof insert === 'string' || typeof insert === 'number') return escape(String(insert));
  return insert.map((item) => item.text).join('');
}

const ENTITIES: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };
const escape = (text: string): string => text.replace(/[&<>"']/g, (letter) => ENTITIES[letter]);
