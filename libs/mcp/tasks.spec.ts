import { describe, expect, it } from 'vitest';
import {
  isTerminal,
  legacyTask,
  modernTask,
  offersTasks,
  RELATED_TASK,
  relatedTo,
  taskSupport,
} from './tasks.js';

const TIMES = { createdAt: '2026-11-23T10:00:00Z', lastUpdatedAt: '2026-11-23T10:00:01Z' };
const LEGACY = {
  taskId: 't',
  status: 'working',
  statusMessage: 'on it',
  ...TIMES,
  ttl: 60_000,
  pollInterval: 500,
};
const MODERN = {
  taskId: 't',
  status: 'working',
  statusMessage: 'on it',
  ...TIMES,
  ttlMs: 60_000,
  pollIntervalMs: 500,
};

describe('a task of one era, said in the other', () => {
  it('has the same members under the names of that era', () => {
    expect(modernTask(LEGACY)).toEqual(MODERN);
    expect(legacyTask(MODERN)).toEqual(LEGACY);
  });

  it('without a time to live lives as long as the server likes', () => {
    const { ttl: _ttl, pollInterval: _interval, ...task } = LEGACY;
    expect(modernTask(task)).toMatchObject({ ttlMs: null });
    expect(modernTask(task)).not.toHaveProperty('pollIntervalMs');
    expect(legacyTask({ ...MODERN, ttlMs: null })).toMatchObject({ ttl: null });
  });

  it('says nothing of what only tasks/get of the modern era inlines', () => {
    const detailed = { ...MODERN, resultType: 'complete', status: 'completed', result: { content: [] } };
    expect(legacyTask(detailed)).toEqual({ ...LEGACY, status: 'completed' });
    const asking = { ...MODERN, status: 'input_required', inputRequests: { a: {} } };
    expect(legacyTask(asking)).toEqual({ ...LEGACY, status: 'input_required' });
  });

  it('that ended with an error of the tool has failed in the legacy era', () => {
    const detailed = { ...MODERN, status: 'completed', result: { content: [], isError: true } };
    expect(legacyTask(detailed)['status']).toBe('failed');
  });

  it.each([
    ['working', false],
    ['input_required', false],
    ['completed', true],
    ['failed', true],
    ['cancelled', true],
  ])('%s is the end: %s', (status, isEnd) => {
    expect(isTerminal({ status })).toBe(isEnd);
  });
});

describe('a server', () => {
  it.each([
    ['legacy', { tasks: { requests: { tools: { call: {} } } } }, true],
    ['legacy', { tasks: { list: {}, cancel: {} } }, false],
    ['legacy', { extensions: { 'io.modelcontextprotocol/tasks': {} } }, false],
    ['modern', { extensions: { 'io.modelcontextprotocol/tasks': {} } }, true],
    ['modern', { tasks: { requests: { tools: { call: {} } } } }, false],
  ] as const)('of the %s era with %j takes tool calls as tasks: %s', (era, capabilities, offers) => {
    expect(offersTasks({ era, capabilities })).toBe(offers);
  });

  it.each([
    [undefined, 'forbidden'],
    [{}, 'forbidden'],
    [{ execution: { taskSupport: 'sometimes' } }, 'forbidden'],
    [{ execution: { taskSupport: 'optional' } }, 'optional'],
    [{ execution: { taskSupport: 'required' } }, 'required'],
  ] as const)('whose tool says %j has task support %s for it', (definition, support) => {
    expect(taskSupport(definition)).toBe(support);
  });
});

it('a message names the task it is related to, or none, and keeps the rest of its _meta', () => {
  const message = { a: 1, _meta: { kept: true, [RELATED_TASK]: { taskId: 'theirs' } } };
  expect(relatedTo(message, 'ours')).toEqual({
    a: 1,
    _meta: { kept: true, [RELATED_TASK]: { taskId: 'ours' } },
  });
  expect(relatedTo(message, undefined)).toEqual({ a: 1, _meta: { kept: true } });
  expect(relatedTo({ a: 1, _meta: { [RELATED_TASK]: { taskId: 'theirs' } } }, undefined)).toEqual({ a: 1 });
});
