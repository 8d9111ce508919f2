import { mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openTrust, type TrustEntry, trustPath } from '../../src/store/trust.ts';
import { temporary } from '../fixtures/sandbox.ts';
import { statePorts } from '../fixtures/state-ports.ts';

const entry: TrustEntry = {
  hash: 'ab12',
  time: '2026-11-23T03:15:30.000Z',
  parts: [{ name: 'suite core, check import', lines: ['import opencode'] }],
};

const store = () => {
  const path = join(temporary(), 'state', 'lockstep', 'trust.json');
  return { path, open: () => openTrust(statePorts(), path) };
};

const written = (text: string) => {
  const { path, open } = store();
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
  return open();
};

describe('where trust is kept', () => {
  it('is the state folder of the person, never of a repository', () => {
    expect(trustPath({ XDG_STATE_HOME: '/state', HOME: '/home/me' })).toBe('/state/lockstep/trust.json');
    expect(trustPath({ HOME: '/home/me' })).toBe('/home/me/.local/state/lockstep/trust.json');
    expect(trustPath({ XDG_STATE_HOME: 'relative', HOME: '/home/me' })).toBe(
      '/home/me/.local/state/lockstep/trust.json',
    );
    expect(trustPath({})).toBeUndefined();
  });
});

describe('what is trusted', () => {
  it('is nothing at first', () => {
    expect(store().open().find('/main')).toBeUndefined();
  });

  it('is remembered for one main project, and only readable by its owner', () => {
    const { path, open } = store();
    open().keep('/main', entry);
    open().keep('/other', { ...entry, hash: 'cd34' });
    expect(open().find('/main')).toEqual(entry);
    expect(open().find('/other')?.hash).toBe('cd34');
    expect(open().find('/main/elsewhere')).toBeUndefined();
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(JSON.parse(readFileSync(path, 'utf8')).format).toBe(1);
  });

  it('finds nothing under a name that every object has', () => {
    const { open } = store();
    open().keep('/main', entry);
    expect(open().find('constructor')).toBeUndefined();
  });

  it('is refused by name when the file is of a newer format', () => {
    expect(() => written('{"format":2,"projects":{}}').find('/main')).toThrow(/format 2; this Lockstep knows up to 1/);
  });

  it.each(['{', '[]', 'null', '{"format":1}', '{"format":1,"projects":null}'])('is not guessed from %s', (text) => {
    expect(() => written(text).find('/main')).toThrow(expect.objectContaining({ code: 'trust-unreadable' }));
  });

  it('loses a damaged entry and keeps the others', () => {
    const projects = { '/main': { hash: 1 }, '/other': entry };
    const trust = written(JSON.stringify({ format: 1, projects }));
    expect(trust.find('/main')).toBeUndefined();
    expect(trust.find('/other')).toEqual(entry);
  });
});
