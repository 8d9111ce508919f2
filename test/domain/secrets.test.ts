import { describe, expect, it } from 'vitest';
import { defaultSecrets, isSecret, mask, showValue } from '../../src/domain/secrets.ts';

describe('a secret key', () => {
  it.each([
    ['api_key'],
    ['API_KEY'],
    ['accessToken'],
    ['client-secret'],
    ['Passwd'],
    ['authorization'],
    ['pwd'],
    ['DB_PWD'],
    ['smtp-pass'],
    ['passcode'],
    ['bearer'],
    ['jwt'],
    ['session_id'],
    ['sessionId'],
    ['auth_cookie'],
    ['SENTRY_DSN'],
    ['connection_string'],
    ['ConnectionString'],
  ])('%s is told by its name, in any case', (name) => {
    expect(isSecret(['provider', name], defaultSecrets)).toBe(true);
    expect(showValue('s3cret', ['provider', name], defaultSecrets)).toBe(mask);
  });

  it.each([
    ['model'],
    ['cwd'],
    ['author'],
    ['passes'],
    ['bypass'],
    ['compass'],
    ['cookies_enabled'],
    ['sessions'],
    ['pin'],
  ])('%s is none', (name) => expect(isSecret(['provider', name], defaultSecrets)).toBe(false));

  it('hides everything below it', () => {
    expect(showValue({ user: 'ada', pin: 1234n }, ['credentials'], defaultSecrets)).toBe(mask);
    expect(showValue({ list: [{ token: 'x' }], name: 'n' }, ['a'], defaultSecrets)).toBe(
      `{ list = [{ token = ${mask} }], name = "n" }`,
    );
  });

  it('is told by a pattern for the whole dotted path too', () => {
    const patterns = ['provider.*.url'];
    expect(isSecret(['provider', 'openai', 'url'], patterns)).toBe(true);
    expect(isSecret(['url'], patterns)).toBe(false);
  });
});

describe('any other value', () => {
  it('is shown without what a URL says of user and password', () => {
    const shown = showValue('https://ada:s3cret@index.example/simple', ['index'], defaultSecrets);
    expect(shown).toBe(`"https://${mask}@index.example/simple"`);
    expect(showValue(['git+ssh://s3cret@host/x'], ['urls'], defaultSecrets)).not.toContain('s3cret');
  });

  it('is shown as it is, cut to one line', () => {
    expect(showValue('keyboard layout', ['monkey_free'], ['token'])).toBe('"keyboard layout"');
    expect(showValue('x'.repeat(1000), ['a'], []).length).toBeLessThanOrEqual(160);
  });
});
