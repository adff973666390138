import type { PlanEntry, TransferPlan } from '../../src/transfer/plan.ts';
import { h } from '../src/elements.ts';

/** A plan as a table: what becomes of each tensor of the target, and why. */
export function planTable({ entries, source, target }: TransferPlan): HTMLElement {
  const head = ['layer', 'what happens', 'values taken', 'why'].map((title) => h('th', { scope: 'col' }, title));
  return h(
    'table',
    { class: 'plan' },
    h('caption', {}, `From ${source} to ${target}`),
    h('thead', {}, h('tr', {}, ...head)),
    h('tbody', {}, ...entries.map(planRow)),
  );
}

const planRow = ({ tensor, origin, copiedValues, totalValues, reason }: PlanEntry): HTMLElement =>
  h(
    'tr',
    { class: origin },
    h('th', { scope: 'row' }, tensor),
    h('td', {}, h('span', { class: 'origin' }, origin)),
    h('td', { class: 'count' }, `${copiedValues.toLocaleString('en')} of ${totalValues.toLocaleString('en')}`),
    h('td', {}, reason),
  );
