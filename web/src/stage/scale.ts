/** Pixels a unit of the textures: sharp at the sizes boards have on a page. */
export const textureScale = (): number => Math.min(4, Math.max(2, Math.ceil(devicePixelRatio * 1.5)));
