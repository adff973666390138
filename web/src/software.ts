let isSoftware: boolean | null = null;

/** Does the processor compute what a graphics processor should? */
export const isSoftwareRendered = (): boolean => (isSoftware ??= findOut());

function findOut(): boolean {
  const gl = document.createElement('canvas').getContext('webgl');
  const info = gl?.getExtension('WEBGL_debug_renderer_info');
  const renderer = String(info ? gl?.getParameter(info.UNMASKED_RENDERER_WEBGL) : '');
  gl?.getExtension('WEBGL_lose_context')?.loseContext();
  return gl === null || /swiftshader|llvmpipe|software/i.test(renderer);
}
