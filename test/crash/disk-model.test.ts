import { describe, expect, it } from 'vitest';
import { type DiskModel, openDisk, type Survivor } from './disk-model.ts';
import type { Noted } from './hooked.ts';
import { always, extremes, type Luck } from './luck.ts';

const standing: readonly Survivor[] = [
  { kind: 'dir', path: '/d/a', mode: 0o755 },
  { kind: 'dir', path: '/d/b', mode: 0o755 },
  { kind: 'file', path: '/d/a/old', mode: 0o644, bytes: Buffer.from('old'), file: {} },
];

const played = (calls: readonly Noted[], moves: 'whole' | 'in halves' = 'whole'): DiskModel => {
  const disk = openDisk('/d', standing, { moves });
  for (const call of calls) disk.play(call);
  return disk;
};

/** `path=content` of every file, sorted. */
const filesOf = (disk: DiskModel, luck: Luck | undefined): readonly string[] =>
  disk
    .survivors(luck ?? always('none', false))
    .flatMap((one) => (one.kind === 'file' ? [`${one.path}=${one.bytes.toString()}`] : []))
    .sort();

const base64 = (text: string): string => Buffer.from(text).toString('base64');
const create: Noted = { call: 'create', path: '/d/a/new', ino: 7, mode: 0o644 };
const write: Noted = { call: 'write', path: '/d/a/new', ino: 7, base64: base64('new') };
const flushFile: Noted = { call: 'fsync', path: '/d/a/new', ino: 7 };
const flushA: Noted = { call: 'fsync', path: '/d/a', ino: 1 };
const flushB: Noted = { call: 'fsync', path: '/d/b', ino: 2 };
const move: Noted = { call: 'rename', from: '/d/a/old', path: '/d/b/old' };
const { everything, nothing } = extremes;

describe('a disk that loses its power', () => {
  it('keeps what was flushed and may lose the rest', () => {
    expect(filesOf(played([create, write]), everything)).toEqual(['/d/a/new=new', '/d/a/old=old']);
    expect(filesOf(played([create, write]), nothing)).toEqual(['/d/a/old=old']);
    expect(filesOf(played([create, write, flushFile]), nothing)).toEqual(['/d/a/old=old']);
    expect(filesOf(played([create, write, flushA]), nothing)).toEqual(['/d/a/new=', '/d/a/old=old']);
    expect(filesOf(played([create, write, flushFile, flushA]), nothing)).toEqual(['/d/a/new=new', '/d/a/old=old']);
  });

  it('may have zeros, or a part, where content was not flushed', () => {
    const disk = played([create, write, flushA]);
    expect(filesOf(disk, extremes['names and zeros'])).toEqual(['/d/a/new=\0\0\0', '/d/a/old=old']);
    expect(filesOf(disk, { ...always('none', true), content: () => 'part', cut: () => 2 })).toContain('/d/a/new=ne');
  });

  it('loses nothing of what was flushed when something is appended later', () => {
    const more: Noted = { call: 'write', path: '/d/a/new', ino: 7, base64: base64('er') };
    const disk = played([create, write, flushFile, flushA, more]);
    expect(filesOf(disk, nothing)).toContain('/d/a/new=new');
    expect(filesOf(disk, { ...always('none', true), content: () => 'zeros' })).toContain('/d/a/new=new\0\0');
  });

  it('has a move in both folders or in neither, once one of them was flushed', () => {
    expect(filesOf(played([move]), nothing)).toEqual(['/d/a/old=old']);
    for (const flush of [flushA, flushB]) expect(filesOf(played([move, flush]), nothing)).toEqual(['/d/b/old=old']);
  });

  it('may have a move in one folder only, when moves come in halves', () => {
    expect(filesOf(played([move, flushB], 'in halves'), nothing)).toEqual(['/d/a/old=old', '/d/b/old=old']);
    expect(filesOf(played([move, flushA], 'in halves'), nothing)).toEqual(['/d/b/old=old']);
  });

  it('never has what happened to a name later without what happened to it before', () => {
    const gone: Noted = { call: 'unlink', path: '/d/b/old' };
    const seen = new Set<string>();
    for (const first of [true, false]) {
      for (const second of [true, false]) {
        const luck: Luck = { ...always('all', true), name: (i) => (i === 0 ? first : second) };
        seen.add(filesOf(played([move, gone]), luck).join());
      }
    }
    expect([...seen].sort()).toEqual(['', '/d/a/old=old', '/d/b/old=old']);
  });

  it('keeps two names of one file one file', () => {
    const link: Noted = { call: 'link', from: '/d/a/old', path: '/d/b/held' };
    const files = played([link])
      .survivors(always('all', true))
      .filter((one) => one.kind === 'file');
    expect(files).toHaveLength(2);
    expect(new Set(files.map((one) => one.file)).size).toBe(1);
  });
});
