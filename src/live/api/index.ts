import type { IncomingMessage, ServerResponse } from 'node:http';
import * as z from 'zod';
import { UserError } from '../../core/errors.ts';
import { isOfOtherPage } from '../access.ts';
import { BusyError } from '../kept.ts';
import type { Library } from '../library.ts';
import { refuse, sendDownload, sendJson } from '../page-files.ts';
import { configs } from './configs.ts';
import { Download, type Endpoint } from './endpoint.ts';
import { library } from './library.ts';
import { metrics } from './metrics.ts';
import { share } from './share.ts';
import { studies } from './studies.ts';
import { mind } from './mind.ts';
import { plan } from './plan.ts';
import { recording } from './recording.ts';
import { weights } from './weights.ts';

/** Every endpoint by name. A new one is a file and a line here. */
const endpoints: Readonly<Record<string, Endpoint>> = {
  library,
  share,
  studies,
  metrics,
  configs,
  mind,
  plan,
  recording,
  weights,
} as Record<string, Endpoint>;

const PREFIX = '/api/';

/** Answers `GET /api/NAME?…`; false where the request asks for something else. Throws what is no fault of who asks. */
export async function serveApi(request: IncomingMessage, response: ServerResponse, from: Library): Promise<boolean> {
  // By hand: there are addresses that `URL` refuses to read.
  const [path, ...rest] = (request.url ?? '/').split('?');
  if (!path.startsWith(PREFIX)) return false;
  if (request.method !== 'GET') return refused(response, 405, 'only GET');
  if (isOfOtherPage(request)) return refused(response, 403, 'only for pages of this server');
  const name = path.slice(PREFIX.length);
  if (!Object.hasOwn(endpoints, name)) return refused(response, 404, 'not found');
  const { query, answer } = endpoints[name];
  const asked = query.safeParse(Object.fromEntries(new URLSearchParams(rest.join('?'))));
  if (!asked.success) return refused(response, 400, z.prettifyError(asked.error).replaceAll('\n', ' '));
  try {
    const given = await answer(asked.data, from);
    if (given instanceof Download) sendDownload(response, given);
    else sendJson(request, response, given);
  } catch (error) {
    if (error instanceof UserError) return refused(response, 404, error.message);
    if (error instanceof BusyError) return refused(response, 503, error.message);
    throw error;
  }
  return true;
}

function refused(response: ServerResponse, status: number, reason: string): true {
  refuse(response, status, reason);
  return true;
}
