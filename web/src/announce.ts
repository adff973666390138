/** Has screen readers say this when they have finished what they are saying. The page has an element for it, `#news`. */
export function announce(sentence: string): void {
  const place = document.getElementById('news');
  if (place === null) return;
  // What is there already would not be said again.
  place.textContent = place.textContent === sentence ? `${sentence}\u00a0` : sentence;
}
