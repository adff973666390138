/** The table of CRC-32C (Castagnoli, reflected polynomial 0x82f63b78; RFC 3720, appendix B.4). */
const TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte;
  for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0x82f63b78 : crc >>> 1;
  return crc;
});

/**
 * CRC-32C of `bytes`, an unsigned 32-bit number.
 * `crc` is the sum of the bytes before these, for a sum over several pieces: `crc32c(b, crc32c(a))`.
 */
export function crc32c(bytes: Uint8Array, crc = 0): number {
  let sum = ~crc;
  for (let i = 0; i < bytes.length; i++) sum = TABLE[(sum ^ bytes[i]) & 255] ^ (sum >>> 8);
  return ~sum >>> 0;
}
