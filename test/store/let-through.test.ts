import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
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

describe('what pre-push let through', () => {
  it('is remembered once, and the oldest of very many is forgotten', () => {
    const { places, letThrough } = scene();
    noteLetThrough({ files, state }, places, [id('a'), id('b')]);
    noteLetThrough({ files, state }, places, [id('b'), id('c')]);
    expect(letThrough()).toBe(`${id('a')}\n${id('b')}\n${id('c')}\n`);
    const many = Array.from({ length: 500 }, (_, i) => i.toString(16).padStart(40, '1'));
    noteLetThrough({ files, state }, places, many);
    expect(letThrough().split('\n')).toHaveLength(501);
    expect(letThrough()).not.toContain(id('c'));
  });

  it('writes nothing where it knows all', () => {
    const { places } = scene();
    noteLetThrough({ files, state }, places, [id('a')]);
    const before = files.stat(places.letThrough);
    noteLetThrough({ files, state }, places, [id('a')]);
    expect(files.stat(places.letThrough)).toEqual(before);
  });
});

describe('pushes past pre-push', () => {
  it("are those that git's logs name, and nobody let through or put on record", () => {
    const { places, past } = scene({
      'origin/main': logLine(id('a'), 100) + logLine(id('b'), 200) + logLine(id('c'), 300),
      'origin/feature/x': logLine(id('d'), 300),
    });
    noteLetThrough({ files, state }, places, [id('b')]);
    state.append(places.bypasses, `2026-01-01T00:00:00Z pre-push origin refs/heads/x ${id('c')} refs/heads/main -\n`);
    expect(past(150)).toEqual([{ remote: 'origin', branch: 'feature/x', id: id('d'), seconds: 300 }]);
    expect(past().map((one) => one.id)).toEqual([id('d'), id('a')]);
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
