import axe, { type AxeResults } from 'axe-core';
import type { Page } from 'playwright-core';

/**
 * What axe-core finds seriously or critically wrong with a page as it stands, a line each; what it can't tell by itself
 * is left out. Meanwhile the page's gradient and its canvas are taken away: below those it can't tell a contrast.
 */
export async function seriousFaults(page: Page): Promise<string[]> {
  // By the protocol of the browser: the page's own policy forbids scripts from elsewhere.
  await page.evaluate(axe.source);
  await page.evaluate(veil('none'));
  const { violations } = (await page.evaluate(
    `axe.run(document, { preload: false, resultTypes: ['violations'] }).then((results) => JSON.parse(JSON.stringify(results)))`,
  )) as AxeResults;
  await page.evaluate(veil(''));
  return violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .flatMap(({ id, nodes }) =>
      nodes.map(({ html, any }) => `${id}: ${html.slice(0, 160)} ${any.map(({ message }) => message).join(' ')}`),
    );
}

const veil = (value: string): string => `{
  document.body.style.backgroundImage = '${value}';
  document.querySelectorAll('.canvas-holder, .board canvas').forEach(({ style }) => (style.display = '${value}'));
}`;
