import { html, type Markup } from './markup.ts';

/** A table under the heads of its columns; a wide one scrolls. An empty head names nothing. */
export const table = (kind: string, heads: readonly (string | Markup)[], rows: readonly Markup[]): Markup =>
  html`<div class="scroll">
    <table class="${kind}">
      <thead>
        <tr>
          ${heads.map((head) => (head === '' ? html`<th></th>` : html`<th scope="col">${head}</th>`))}
        </tr>
      </thead>
      <tbody>
        ${rows}
      </tbody>
    </table>
  </div>`;
