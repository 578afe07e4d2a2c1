import { describe, expect, it } from 'vitest';
import { ERRORS } from './errors.js';

const own = Object.values(ERRORS)
  .map(({ rpc }) => rpc)
  .filter((rpc) => rpc > -32_000 || rpc < -32_768);

describe('JSON-RPC codes of our own', () => {
  it('lie outside what JSON-RPC and MCP reserve', () => {
    const reserved = Object.values(ERRORS).filter(({ rpc }) => rpc >= -32_019 && rpc <= -32_000);
    expect(reserved).toEqual([]);
  });

  it('mean one thing each', () => {
    expect(own.filter((rpc, index) => own.indexOf(rpc) !== index)).toEqual([]);
  });
});
