import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { diskFiles } from '../../src/adapters/files.ts';
import { diskState } from '../../src/adapters/state-files.ts';
import { temporary } from '../fixtures/sandbox.ts';
import { bundle } from '../fixtures/state-ports.ts';

const state = diskState();

describe('state on the disk', () => {
  it('is for this user alone', () => {
    const dir = temporary('state');
    const path = join(dir, 'a', 'b', 'registry.json');
    state.replace(path, '{}\n');
    state.append(join(dir, 'a', 'b', 'journal'), 'line\n');
    state.createExclusive(join(dir, 'a', 'b', 'lock'), 'mine');
    const mode = (at: string): string => (statSync(join(dir, at)).mode & 0o777).toString(8);
    expect([mode('a'), mode('a/b')]).toEqual(['700', '700']);
    expect(['registry.json', 'journal', 'lock'].map((name) => mode(`a/b/${name}`))).toEqual(['600', '600', '600']);
  });

  it('is replaced whole: who has the old file open reads the old one to its end', () => {
    const path = join(temporary('state'), 'registry.json');
    state.replace(path, 'old\n');
    const before = statSync(path).ino;
    state.replace(path, 'new\n');
    expect(statSync(path).ino).not.toBe(before);
    expect(readFileSync(path, 'utf8')).toBe('new\n');
    expect(readdirSync(join(path, '..'))).toEqual(['registry.json']);
  });

  it('is created once: the second one is told, and the first stays', () => {
    const path = join(temporary('state'), 'manifest.json');
    expect(state.createExclusive(path, 'first')).toBe(true);
    expect(state.createExclusive(path, 'second')).toBe(false);
    expect(readFileSync(path, 'utf8')).toBe('first');
    expect(readdirSync(join(path, '..'))).toEqual(['manifest.json']);
  });

  it('says disk, naming the path, for what cannot be written', () => {
    const dir = temporary('state');
    writeFileSync(join(dir, 'file'), '');
    expect(() => state.replace(join(dir, 'file', 'x'), '')).toThrow(
      expect.objectContaining({ code: 'disk', message: expect.stringContaining(join(dir, 'file', 'x')) }),
    );
    expect(() => state.openNew(join(dir, 'file'))).toThrow(expect.objectContaining({ code: 'disk' }));
  });
});

describe('what survives a lost power supply', () => {
  let child = '';
  beforeAll(() => {
    child = bundle('adapters/children/write-state.ts', join(diskFiles(() => {}).scratch('bundle'), 'write-state.mjs'));
  });

  /** The calls that one way of writing makes on its files, in order. */
  const callsOf = (way: string): { readonly path: string; readonly calls: readonly string[] } => {
    const dir = temporary('state');
    const path = join(dir, 'state.json');
    const log = join(temporary('trace'), 'calls');
    const names = 'openat,write,pwrite64,writev,fsync,fdatasync,rename,renameat,renameat2,link,linkat';
    const traced = ['-f', '-y', '-qq', '-o', log, '-e', `trace=${names}`, process.execPath, child, way, path];
    const { status, stderr } = spawnSync('strace', traced, { encoding: 'utf8' });
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    const calls = readFileSync(log, 'utf8')
      .split('\n')
      .filter((line) => line.includes(dir))
      .map((line) => /(\w+)\(/.exec(line)?.[1] ?? '')
      .map((name) => name.replace(/^(?:pwrite64|writev)$/, 'write').replace(/^(rename|link)at2?$/, '$1'));
    return { path, calls: calls.filter((name) => name !== 'openat') };
  };

  it('a replaced file: flushed, then renamed, then its folder flushed', () => {
    expect(callsOf('replace').calls).toEqual(['write', 'fsync', 'rename', 'fsync']);
  });

  it('a created file: flushed before it has its name', () => {
    expect(callsOf('create').calls).toEqual(['write', 'fsync', 'link', 'fsync']);
  });

  it('an appended line: flushed before appending returns, unless it may be lost', () => {
    expect(callsOf('append').calls).toEqual(['write', 'fsync']);
    expect(callsOf('append-lazy').calls).toEqual(['write']);
  });

  it('a file written piece by piece: one flush at its end', () => {
    expect(callsOf('pieces').calls).toEqual(['write', 'write', 'fsync', 'fsync']);
  });
});
