import { join } from 'node:path';
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

/** Writes a study's self-contained `report.html` and gives its path. */
export async function writeReport(folder: string, result: StudyResult, notes: ReportNotes = {}): Promise<string> {
  // Charts take a third of a second to load: only who writes a report should wait for them.
  const { studyReport } = await import('../report/html.ts');
  const { request, options, ...rest } = result;
  const html = studyReport({
    title: `${request.sources.join(', ')} → ${request.targets.join(', ')}`,
    commands: [],
    ...notes,
    ...rest,
    settings: { ...request, ...options },
  });
  await new FolderStore(folder).put('report.html', new TextEncoder().encode(html));
  return join(folder, 'report.html');
}
