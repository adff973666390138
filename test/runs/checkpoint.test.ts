import { describe, expect, it, test } from 'vitest';
import { ppoHeads } from '../../src/agents/ppo.ts';
import { UserError } from '../../src/core/errors.ts';
import { createRng } from '../../src/core/rng.ts';
import { tensorShape } from '../../src/core/tensors.ts';
import { findEnv } from '../../src/envs/index.ts';
import { buildPolicyNet } from '../../src/nets/policy-net.ts';
import { checkParams, decodeCheckpoint, encodeCheckpoint, type PolicyInfo } from '../../src/runs/checkpoint.ts';
import { decodeSafetensors, encodeSafetensors } from '../../src/runs/safetensors.ts';
import { encodeState } from '../../src/runs/state-codec.ts';
import { scramble } from '../nets/policy-nets.ts';

const spec = findEnv('breakout?paddleWidth=2');
const net = buildPolicyNet({
  net: 'conv',
  netConfig: { filters: 4, units: 8 },
  observation: spec.observation,
  heads: ppoHeads(spec.actionSet),
});
const params = scramble(net.init(1), createRng(1));
const info: PolicyInfo = { env: spec.id, gameRevision: 1, algorithm: 'ppo', step: 128, seed: 3, label: 'mine' };
const bytes = encodeCheckpoint(net, params, info);

describe('a checkpoint', () => {
  it('gives back the policy bit for bit, with the meaning of every axis', () => {
    const checkpoint = decodeCheckpoint(bytes);
    expect(checkpoint.info).toEqual(info);
    expect(checkpoint.params).toEqual(params);
    expect(checkpoint.spec).toEqual(net.spec);
    expect(Object.keys(checkpoint.tensors)).toEqual(net.tensors.map(({ name }) => name));
    for (const { name, stage, axes } of net.tensors) expect(checkpoint.tensors[name]).toEqual({ stage, axes });
    expect(encodeCheckpoint(buildPolicyNet(checkpoint.spec), checkpoint.params, checkpoint.info)).toEqual(bytes);
  });

  it('is a safetensors file with the shapes of the net', () => {
    const { tensors } = decodeSafetensors(bytes, 'policy');
    for (const tensor of net.tensors) expect(tensors[tensor.name].shape).toEqual(tensorShape(tensor));
    expect(Object.keys(tensors).sort()).toEqual(net.tensors.map(({ name }) => name).sort());
  });
});

it('holds what scales the value, beside the parameters', () => {
  const normalizers = { 'normalizers/value': Float32Array.of(2.5) };
  const scaled = decodeCheckpoint(encodeCheckpoint(net, params, info, normalizers));
  expect(scaled.normalizers).toEqual(normalizers);
  expect(scaled.params).toEqual(params);
  expect(decodeCheckpoint(bytes).normalizers).toEqual({});
});

describe('what is not a whole checkpoint is refused, naming the file', () => {
  const refusal = (content: Uint8Array): string => {
    try {
      decodeCheckpoint(content, 'policy.safetensors');
    } catch (error) {
      expect(error).toBeInstanceOf(UserError);
      expect((error as UserError).message).toMatch(/^policy\.safetensors[^\n]+$/);
      return (error as UserError).message;
    }
    throw new Error('was not refused');
  };

  it('cut off anywhere', () => {
    for (let length = 0; length < bytes.length; length += 1 + Math.floor(length / 40))
      refusal(bytes.subarray(0, length));
    refusal(bytes.subarray(0, bytes.length - 1));
  });

  it('changed anywhere', () => {
    const rng = createRng(1, 'flips');
    for (let i = 0; i < 200; i++) {
      const changed = bytes.slice();
      changed[rng.int(0, bytes.length)] ^= 1 << rng.int(0, 8);
      refusal(changed);
    }
  });

  it('with bytes after it', () => {
    refusal(Uint8Array.of(...bytes, 0));
  });

  it('a foreign file', () => {
    expect(refusal(new TextEncoder().encode('#!/bin/sh\necho these are no weights\n'))).toContain('safetensors');
    const foreign = encodeSafetensors({ weight: { shape: [2], data: Float32Array.of(1, 2) } });
    expect(refusal(foreign)).toContain('is not a policy checkpoint');
    expect(refusal(encodeState({ step: 1 }))).toContain('is not a policy checkpoint');
  });

  /** As another program may rewrite it: no checksum, other content. */
  const rewritten = (change: (file: ReturnType<typeof decodeSafetensors>) => void): Uint8Array => {
    const file = decodeSafetensors(bytes, 'policy');
    change(file);
    return encodeSafetensors(file.tensors, file.metadata);
  };

  test.each(['info', 'spec', 'tensors'])('without or with bad metadata "%s"', (key) => {
    const without = rewritten(({ metadata }) => delete metadata[key]);
    expect(refusal(without)).toBe(`policy.safetensors: its metadata "${key}" is not valid`);
    const bad = rewritten(({ metadata }) => (metadata[key] = '{"env":'));
    expect(refusal(bad)).toBe(`policy.safetensors: its metadata "${key}" is not valid`);
    for (const other of ['null', '7', '[]', '{"env":1,"net":2,"x":{"stage":3}}']) {
      const wrong = rewritten(({ metadata }) => (metadata[key] = other));
      expect(refusal(wrong)).toMatch(/its metadata "\w+" is not valid$/);
    }
  });

  it('with a tensor missing, of another shape or of another type', () => {
    const missing = rewritten(({ tensors }) => delete tensors['trunk/0/bias']);
    expect(refusal(missing)).toBe('policy.safetensors: tensor "trunk/0/bias" is missing');
    const other = rewritten(({ tensors }) => {
      tensors['trunk/0/bias'] = { dtype: 'F32', shape: [3], data: Float32Array.of(1, 2, 3) };
    });
    expect(refusal(other)).toBe('policy.safetensors: tensor "trunk/0/bias" has 3 values, its axes say 8');
    const double = rewritten(({ tensors }) => {
      tensors['trunk/0/bias'] = { dtype: 'F64', shape: [8], data: new Float64Array(8) };
    });
    expect(refusal(double)).toBe('policy.safetensors: tensor "trunk/0/bias" is not float32');
  });
});

it('checks that parameters are those of a net', () => {
  expect(() => checkParams(net, params, 'x')).not.toThrow();
  const { 'stem/kernel': _kernel, ...rest } = params;
  expect(() => checkParams(net, rest, 'x')).toThrow(new UserError('x: tensor "stem/kernel" is missing'));
  expect(() => checkParams(net, { ...rest, 'stem/kernel': new Float32Array(3) }, 'x')).toThrow(
    new UserError('x: tensor "stem/kernel" has 3 values, the net needs 144'),
  );
});
