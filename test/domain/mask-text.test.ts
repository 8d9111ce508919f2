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
    ])
      shown(hostile);
    expect(performance.now() - before).toBeLessThan(500);
  });
});
