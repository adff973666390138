import { join } from 'node:path';
import { curvesCsv, pairsCsv } from '../report/csv.ts';
import { FolderStore } from '../runs/store.ts';
import type { StudyResult } from './study.ts';

/** What a report says besides the result. */
export interface ReportNotes {
  readonly title?: string;
  readonly description?: string;
  /** How sources, targets and methods were chosen, and on which seeds. */
  readonly chosen?: string;
  /** Commands that make this result again. */
  readonly commands?: readonly string[];
}

/**
 * Writes a study's self-contained `report.html` and gives its path; beside it `pairs.csv`, `curves.csv` and the figures
 * as SVG files.
 */
export async function writeReport(folder: string, result: StudyResult, notes: ReportNotes = {}): Promise<string> {
  // Charts take a third of a second to load: only who writes a report should wait for them.
  const [{ studyReport }, { studyFigures }] = await Promise.all([
    import('../report/html.ts'),
    import('../report/figures.ts'),
  ]);
  const { request, options, ...rest } = result;
  const html = studyReport({
    title: `${request.sources.join(', ')} → ${request.targets.join(', ')}`,
    commands: [],
    ...notes,
    ...rest,
    settings: { ...request, ...options },
  });
  const store = new FolderStore(folder);
  const write = (name: string, text: string): Promise<void> => store.put(name, new TextEncoder().encode(text));
  await write('report.html', html);
  await write('pairs.csv', pairsCsv(result.pairs));
  await write('curves.csv', curvesCsv(result.pairs));
  for (const { name, svg } of studyFigures(result.pairs)) await write(`figures/${name}`, svg);
  return join(folder, 'report.html');
}
