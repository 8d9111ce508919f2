/** The environment of child processes: nothing of a calling git hook or of a caller's Python settings passes through. */

/** Environment variables by name; undefined means not set. */
export type Environment = Readonly<Record<string, string | undefined>>;

/**
 * The only GIT_* names that pass: how git reaches a network, finds its configuration and asks for a password.
 * A list of what is kept, not of what is dropped, so that a variable of a newer git cannot leak.
 */
const keptGit = new Set([
  'GIT_ALLOW_PROTOCOL',
  'GIT_ASKPASS',
  'GIT_CEILING_DIRECTORIES',
  'GIT_CONFIG_GLOBAL',
  'GIT_CONFIG_NOSYSTEM',
  'GIT_CONFIG_SYSTEM',
  'GIT_DISCOVERY_ACROSS_FILESYSTEM',
  'GIT_EXEC_PATH',
  'GIT_HTTP_LOW_SPEED_LIMIT',
  'GIT_HTTP_LOW_SPEED_TIME',
  'GIT_HTTP_PROXY_AUTHMETHOD',
  'GIT_HTTP_USER_AGENT',
  'GIT_PROTOCOL_FROM_USER',
  'GIT_PROXY_COMMAND',
  'GIT_PROXY_SSL_CAINFO',
  'GIT_PROXY_SSL_CERT',
  'GIT_PROXY_SSL_CERT_PASSWORD_PROTECTED',
  'GIT_PROXY_SSL_KEY',
  'GIT_SSH',
  'GIT_SSH_COMMAND',
  'GIT_SSH_VARIANT',
  'GIT_SSL_CAINFO',
  'GIT_SSL_CAPATH',
  'GIT_SSL_CERT',
  'GIT_SSL_CERT_PASSWORD_PROTECTED',
  'GIT_SSL_KEY',
  'GIT_SSL_NO_VERIFY',
  'GIT_TERMINAL_PROMPT',
]);

/** PIP_*, PYTHON*, their private forms with an underscore, and what an activated environment leaves behind. */
const droppedPython = /^(?:_?PIP_|_?PYTHON|VIRTUAL_ENV|__PYVENV_LAUNCHER__$)/;

const passes = (name: string): boolean => {
  // Windows compares names without case.
  const upper = name.toUpperCase();
  return upper.startsWith('GIT_') ? keptGit.has(upper) : !droppedPython.test(upper);
};

/** What a child may inherit: a copy without repository, identity, pip and Python variables. */
export const cleanEnvironment = (base: Environment): Record<string, string> => {
  const clean: Record<string, string> = {};
  for (const [name, value] of Object.entries(base)) {
    if (value !== undefined && passes(name)) clean[name] = value;
  }
  return clean;
};
