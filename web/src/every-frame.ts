/** Does this before every picture that the screen shows. Returns a function that ends it. */
export function everyFrame(act: () => void): () => void {
  let request = 0;
  const pass = (): void => {
    request = requestAnimationFrame(pass);
    act();
  };
  request = requestAnimationFrame(pass);
  return () => cancelAnimationFrame(request);
}
