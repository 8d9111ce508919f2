// Every test runs git without user or system configuration, and Python tools without the caller's settings.
const kept = Object.entries(process.env).filter(([name]) => !/^(GIT_|PIP_|PYTHON|LOCKSTEP|VIRTUAL_ENV)/.test(name));
for (const name of Object.keys(process.env)) delete process.env[name];
Object.assign(process.env, Object.fromEntries(kept), {
  GIT_CONFIG_GLOBAL: '/dev/null',
  GIT_CONFIG_SYSTEM: '/dev/null',
  GIT_AUTHOR_NAME: 'Ada Author',
  GIT_AUTHOR_EMAIL: 'ada@example.invalid',
  GIT_COMMITTER_NAME: 'Ada Author',
  GIT_COMMITTER_EMAIL: 'ada@example.invalid',
  PIP_NO_INDEX: '1',
  PIP_CONFIG_FILE: '/dev/null',
  PIP_DISABLE_PIP_VERSION_CHECK: '1',
  NO_COLOR: '1',
  TZ: 'UTC',
});
