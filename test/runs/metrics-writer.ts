/** Writes more than the file size limit allows, then less: see metrics-log.test.ts. */
import { MetricsLog, readMetrics } from '../../src/runs/metrics-log.ts';

const file = process.argv[2];
const log = new MetricsLog(file);
log.append([{ update: 2, note: 'x'.repeat(1_000_000) }]);
try {
  log.flush();
} catch (error) {
  console.log(`${(error as Error).name}: ${(error as Error).message}`);
}
const again = new MetricsLog(file);
again.append([{ update: 2 }]);
again.close();
console.log(`retried: ${readMetrics(file).length} rows`);
