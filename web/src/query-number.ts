/** A whole number from 0 to `most` that an address gives; undefined where it gives none. */
export function queryNumber(query: URLSearchParams, name: string, most = Number.MAX_SAFE_INTEGER): number | undefined {
  const text = query.get(name) ?? '';
  return /^\d+$/.test(text) && Number(text) <= most ? Number(text) : undefined;
}
