import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { PushedRef } from '../../src/domain/push.ts';
import { noteLetThrough, pushedPast, recordPast } from '../../src/store/let-through.ts';
import { statePlaces } from '../../src/store/state-dir.ts';
import { put, temporary, text } from '../fixtures/sandbox.ts';
import { diskPorts } from '../fixtures/staged-target.ts';

const { files, state } = diskPorts();
const id = (letter: string): string => letter.repeat(40);
const none = '0'.repeat(40);
const logLine = (to: string, seconds: number, what = 'update by push'): string =>
  `${none} ${to} A <a@a> ${seconds} +0100\t${what}\n`;

const scene = (logs: Readonly<Record<string, string>> = {}) => {
  const commonDir = temporary('let');
  put(commonDir, Object.fromEntries(Object.entries(logs).map(([path, log]) => [`logs/refs/remotes/${path}`, log])));
  const places = statePlaces(join(commonDir, 'lockstep'));
  return {
    places,
    past: (seconds = 0) => pushedPast(files, places, { commonDir, seconds }),
    letThrough: () => text(commonDir, 'lockstep/let-through'),
    bypasses: () => text(commonDir, 'lockstep/bypasses'),
  };
};

const ref = (to: string, branch = 'main'): PushedRef => ({
  localRef: 'HEAD',
  localId: to,
  remoteRef: `refs/heads/${branch}`,
  remoteId: null,
});

describe('what pre-push let through', () => {
  it('is remembered once, and the oldest of very many is forgotten', () => {
    const { places, letThrough } = scene();
    const note = (...refs: readonly PushedRef[]) =>
      noteLetThrough({ files, state }, places, { remote: 'origin', refs });
    note(ref(id('a')), ref(id('b')));
    const before = files.stat(places.letThrough);
    note(ref(id('b')));
    expect(files.stat(places.letThrough)).toEqual(before);
    note(ref(id('b'), 'side'), { ...ref(id('c')), localId: null });
    expect(letThrough()).toBe(
      `origin refs/heads/main ${id('a')}\norigin refs/heads/main ${id('b')}\norigin refs/heads/side ${id('b')}\n`,
    );
    note(...Array.from({ length: 500 }, (_, i) => ref(i.toString(16).padStart(40, '1'))));
    expect(letThrough().split('\n')).toHaveLength(501);
    expect(letThrough()).not.toContain(id('b'));
  });
});

describe('pushes past pre-push', () => {
  it("are those that git's logs name, and nobody let through or put on record", () => {
    const { places, past } = scene({
      'origin/main': logLine(id('a'), 100) + logLine(id('b'), 200) + logLine(id('c'), 300),
      'origin/feature/x': logLine(id('d'), 300),
    });
    noteLetThrough({ files, state }, places, { remote: 'origin', refs: [ref(id('b'))] });
    // What the remote had before is no push of that line.
    state.append(places.bypasses, `2026-01-01T00:00:00Z pre-push origin HEAD ${id('c')} refs/heads/main ${id('d')}\n`);
    expect(past(150)).toEqual([{ remote: 'origin', ref: 'refs/heads/feature/x', id: id('d'), seconds: 300 }]);
    expect(past().map((one) => one.id)).toEqual([id('d'), id('a')]);
  });

  it('are also those of a commit that was let through to another branch or remote', () => {
    const { places, past } = scene({
      'origin/main': logLine(id('a'), 100),
      'origin/side': logLine(id('a'), 100),
      'fork/main': logLine(id('a'), 100),
    });
    noteLetThrough({ files, state }, places, { remote: 'origin', refs: [ref(id('a'), 'side')] });
    expect(past().map((one) => `${one.remote} ${one.ref}`)).toEqual(['fork refs/heads/main', 'origin refs/heads/main']);
    const tag = { ...ref(id('a')), remoteRef: 'refs/tags/v1' };
    noteLetThrough({ files, state }, places, { remote: 'origin', refs: [tag] });
    expect(past()).toHaveLength(2);
  });

  it('are none where a remote\u2019s branches are followed under other names', () => {
    const { places, past } = scene({ 'origin/team/main': logLine(id('a'), 100) });
    noteLetThrough({ files, state }, places, { remote: 'origin', refs: [ref(id('a'))] });
    expect(past()).toEqual([]);
  });

  it('are none of a remote with a slash in its name that was let through', () => {
    const { places, past } = scene({ 'team/origin/main': logLine(id('a'), 100) + logLine(id('b'), 200) });
    state.append(places.bypasses, `2026-01-01T00:00:00Z pre-push - HEAD ${id('b')} refs/heads/main -\n`);
    noteLetThrough({ files, state }, places, { remote: 'team/origin', refs: [ref(id('a'))] });
    expect(past()).toEqual([]);
  });

  it('are none of what was fetched, cloned or pulled, nor of what is no log', () => {
    const { past } = scene({
      'origin/main': logLine(id('a'), 100, 'fetch origin: fast-forward') + logLine(id('b'), 100, 'pull: fast-forward'),
      'origin/HEAD': logLine(id('c'), 100, 'remote set-head'),
      'origin/odd': 'no log at all\n\0',
    });
    expect(past()).toEqual([]);
    expect(scene().past()).toEqual([]);
  });

  it('are on record from then on, in the columns of the script', () => {
    const { places, past, bypasses } = scene({ 'origin/main': logLine(id('a'), 1_700_000_000) });
    recordPast(state, places, past());
    expect(bypasses()).toBe(`2023-11-14T22:13:20Z pre-push origin - ${id('a')} refs/heads/main -\n`);
    expect(past()).toEqual([]);
  });
});
