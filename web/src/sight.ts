/** Tells whether an element is in the window, soon and whenever that changes. Returns a function that ends it. */
export function onSight(element: Element, tell: (isSeen: boolean) => void): () => void {
  const observer = new IntersectionObserver((changes) => tell(changes.at(-1)!.isIntersecting));
  observer.observe(element);
  return () => observer.disconnect();
}
