import { describe, expect, it } from 'vitest';
import { maskable, maskText } from '../../src/domain/mask-text.ts';
import { defaultSecrets } from '../../src/domain/secrets.ts';

const shown = (text: string, ...known: string[]) => maskText(text, defaultSecrets, maskable(known));

describe('text that a program printed', () => {
  it.each([
    ['API_KEY=hunter2 and more', 'API_KEY=•••'],
    ['INFO: connecting with password=hunter2', 'INFO: connecting with password=•••'],
    ['{"api_key": "a \\" b", "model": "m"}', '{"api_key": "•••", "model": "m"}'.replace('"•••"', '•••')],
    ['providers."x".api_key = "abc"  # note', 'providers."x".api_key = •••  # note'],
    ['Authorization: Bearer abc.def', 'Authorization: •••'],
    ['X-Api-Key: abc', 'X-Api-Key: •••'],
    ['$ tool --api-key abc --model m', '$ tool --api-key ••• --model m'],
    ['$ tool --token=abc', '$ tool --token=•••'],
    ['Looking in https://me:pw@index.example/simple', 'Looking in https://•••@index.example/simple'],
    ['token: abc\nnext line', 'token: •••\nnext line'],
    ["KeyError: 'providers'", "KeyError: 'providers'"],
    ['the key of it all is patience', 'the key of it all is patience'],
    ['Successfully installed opencode-ai-1.2.0', 'Successfully installed opencode-ai-1.2.0'],
    ['api_key =', 'api_key ='],
    ['db_pwd=abc', 'db_pwd=•••'],
    ['DATABASE_DSN: postgres://a:b@c/d', 'DATABASE_DSN: •••'],
    ["'session_id': 'abc', 'model': 'm'", "'session_id': •••, 'model': 'm'"],
    ['api_key = """\nabc\ndef"""\nmodel = 1', 'api_key = •••\nmodel = 1'],
    ['api_keys = [\n  "abc", # x\n  "d]f",\n]\nmodel = 1', 'api_keys = •••\nmodel = 1'],
    ['tokens: {a: abc, b: {c: def}}\nmodel: 1', 'tokens: •••\nmodel: 1'],
    ['  password: |\n    abc\n\n    def\n  model: 1', '  password: •••\n  model: 1'],
    ['api_keys:\n  - abc\n  - def\nmodel: 1', 'api_keys:•••\nmodel: 1'],
    ['password="abc"def\nmodel', 'password=•••\nmodel'],
    ['token=[abc]def', 'token=•••'],
    ['x -----BEGIN RSA PRIVATE KEY-----\nabc\n-----END RSA PRIVATE KEY----- y', 'x ••• y'],
    ['docs/api-keys.md: missing', 'docs/api-keys.md: missing'],
    ['No matching distribution found for keyring==25.1', 'No matching distribution found for keyring==25.1'],
    ['token == "abc"', 'token =•••'],
  ])('%s', (text, expected) => expect(shown(text)).toBe(expected));

  it('hides a known value wherever it stands, the longer one first, and each line of a long one', () => {
    expect(shown('said abcdef-ghi, abcdef', 'abcdef', 'abcdef-ghi')).toBe('said •••, •••');
    expect(shown('second line here', 'first line\nsecond line')).toBe('••• here');
    expect(shown('a short one', 'a')).toBe('a short one');
  });

  it('is done with a hostile line in no time', () => {
    const before = performance.now();
    for (const hostile of [
      'a'.repeat(8192),
      'a.'.repeat(4096),
      'a-'.repeat(4096),
      'key="'.repeat(1600),
      '"a'.repeat(4096),
      'a '.repeat(4096),
      'key=['.repeat(1600),
      'key:\n'.repeat(2000),
      'key="""x'.repeat(1000),
      '-----BEGIN PRIVATE KEY----- '.repeat(300),
    ])
      shown(hostile);
    expect(performance.now() - before).toBeLessThan(500);
  });
});
