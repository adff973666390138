import { isView } from './views/index.ts';

/** A view and what it is to show. */
export interface Route {
  readonly id: string;
  readonly query: URLSearchParams;
}

/** Reads `ID?key=value`; null where there is no such view. */
export function routeOf(text: string): Route | null {
  const [id = '', query] = text.split('?', 2);
  return isView(id) ? { id, query: new URLSearchParams(query) } : null;
}
