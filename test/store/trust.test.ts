import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openTrust, type TrustEntry, trustFolder } from '../../src/store/trust.ts';
import { temporary } from '../fixtures/sandbox.ts';
import { statePorts } from '../fixtures/state-ports.ts';

const entry: TrustEntry = {
  hash: 'ab12',
  time: '2026-11-23T03:15:30.000Z',
  parts: [{ name: 'suite core, check import', lines: ['import opencode'] }],
};

const store = () => {
  const folder = join(temporary(), 'state', 'lockstep', 'trust');
  return { folder, open: () => openTrust(statePorts(), folder) };
};

/** The store, with other text in the place of what it kept for `/main`. */
const written = (text: string) => {
  const { folder, open } = store();
  mkdirSync(folder, { recursive: true });
  open().keep('/main', entry);
  writeFileSync(join(folder, readdirSync(folder)[0] ?? ''), text);
  return open();
};

describe('where trust is kept', () => {
  it('is the state folder of the person, never of a repository', () => {
    expect(trustFolder({ XDG_STATE_HOME: '/state', HOME: '/home/me' })).toBe('/state/lockstep/trust');
    expect(trustFolder({ HOME: '/home/me' })).toBe('/home/me/.local/state/lockstep/trust');
    expect(trustFolder({ XDG_STATE_HOME: 'relative', HOME: '/home/me' })).toBe('/home/me/.local/state/lockstep/trust');
    expect(trustFolder({})).toBeUndefined();
  });
});

describe('what is trusted', () => {
  it('is nothing at first', () => {
    expect(store().open().find('/main')).toBeUndefined();
  });

  it('is remembered for one main project, and only readable by its owner', () => {
    const { folder, open } = store();
    open().keep('/main', entry);
    open().keep('/other', { ...entry, hash: 'cd34' });
    expect(open().find('/main')).toEqual(entry);
    expect(open().find('/other')?.hash).toBe('cd34');
    expect(open().find('/main/elsewhere')).toBeUndefined();
    const names = readdirSync(folder);
    expect(names).toHaveLength(2);
    for (const name of names) {
      expect(statSync(join(folder, name)).mode & 0o777).toBe(0o600);
      expect(JSON.parse(readFileSync(join(folder, name), 'utf8')).format).toBe(1);
    }
  });

  it('is refused by name when the file is of a newer format', () => {
    expect(() => written('{"format":2}').find('/main')).toThrow(/format 2; this Lockstep knows up to 1/);
  });

  it.each([
    '{',
    '[]',
    'null',
    '{"format":1}',
    '{"format":1,"main":"/main","hash":1,"time":"","parts":[]}',
    '{"format":1,"main":"/main","hash":"ab12","time":"","parts":[{"name":"x"}]}',
    '{"format":1,"main":"/other","hash":"ab12","time":"","parts":[]}',
  ])('is not guessed from %s', (text) => {
    expect(() => written(text).find('/main')).toThrow(expect.objectContaining({ code: 'trust-unreadable' }));
  });
});
