import { availableParallelism, totalmem } from 'node:os';
import * as z from 'zod';
import { describeBackends } from '../engine/index.ts';
import { VERSION } from '../runs/version.ts';
import { defineCommand } from './flags.ts';
import { say, writeJson } from './output.ts';

export const doctor = defineCommand({
  name: 'doctor',
  summary: 'say which tensor backends are there, which one is used, and how to add the others',
  options: z.object({
    json: z.string().default('').describe('also write this as JSON to this file, - for standard output'),
  }),
  async run({ options: { json }, io }) {
    const backends = await describeBackends();
    const cores = availableParallelism();
    const lines = backends.map(({ name, available, chosen, version, kernels, detail }) => {
      const mark = chosen ? '*' : available ? '+' : '-';
      return `${mark} ${name.padEnd(11)} ${available ? `${version}, kernels ${kernels}` : 'not available'}\n    ${detail}`;
    });
    say(
      io,
      json,
      [
        `ngplus ${VERSION}, Node ${process.version}, ${process.platform} ${process.arch}, ${cores} cores, ` +
          `${Math.round(totalmem() / 2 ** 30)} GiB`,
        ...lines,
        '* is what --backend auto takes: the first of these that works.',
      ].join('\n'),
    );
    writeJson(io, json, { version: VERSION, node: process.version, cores, backends });
  },
});
