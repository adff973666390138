import type { StudyResult } from '../exec/study.ts';

export async function writeReport(folder: string, _result: StudyResult, _note = ''): Promise<string> {
  return `${folder}/report.html`;
}
