import type { ObservationSpec } from '../core/game.ts';
import { takenId, unknownValue } from '../core/errors.ts';
import { bert } from './bert.ts';
import { conv } from './conv.ts';
import { fastconv } from './fastconv.ts';
import { gpt } from './gpt.ts';
import { gru } from './gru.ts';
import { mlp } from './mlp.ts';
import type { Net } from './net.ts';
import { progressive } from './progressive.ts';
import { resnet } from './resnet.ts';
import { vgg } from './vgg.ts';

/** Every net by id. A new one is a file and a line here. */
const nets = new Map<string, Net>();
for (const net of [conv, fastconv, mlp, vgg, resnet, bert, gpt, gru, progressive]) registerNet(net as Net);

/** Adds a net, a user's own included. @throws UserError where its id is taken */
export function registerNet(net: Net): void {
  if (nets.has(net.id)) throw takenId('net', net.id, netIds());
  nets.set(net.id, net);
}

export const netIds = (): string[] => [...nets.keys()];

/** @throws UserError for an unknown id */
export function findNet(id: string): Net {
  const net = nets.get(id);
  if (!net) throw unknownValue('net', id, netIds());
  return net;
}

/**
 * The net asked for; where none is (an empty id) the source's, if it is known here and can read what is observed, or else
 * the one that suits that. @throws UserError
 */
export function netFor(id: string, observation: ObservationSpec['kind'], source?: { readonly net: string }): Net {
  if (id) return findNet(id);
  const inherited = source && nets.get(source.net);
  if (inherited?.reads.includes(observation)) return inherited;
  return findNet(observation === 'planes' ? 'fastconv' : 'mlp');
}
