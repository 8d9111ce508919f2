/** Checks `env`, `timeout`, `retry` and `continue_on_error`: what a step and the defaults of a pipeline both may give. */
import type { YamlPath } from '../config/yaml-file.ts';
import { formatDuration, parseDuration } from '../domain/duration.ts';
import { messageOf } from '../domain/errors.ts';
import {
  type Complaints,
  complain,
  isFull,
  isMap,
  problemsInside,
  refuseUnknownKeys,
  type YamlMap,
} from './complaints.ts';
import type { PipelineStep } from './pipeline.ts';
import type { OutputsScope } from './step-outputs.ts';
import { templateFaults } from './templates.ts';

export const settingKeys = ['env', 'timeout', 'retry', 'continue_on_error'] as const;

/** What was given, as far as it is right. */
export interface Settings {
  readonly env: Readonly<Record<string, string>>;
  /** Milliseconds. */
  readonly timeout?: number;
  readonly retry?: NonNullable<PipelineStep['retry']>;
  readonly continueOnError?: boolean;
}

/** Longer waits overflow the timer, which would then fire at once. */
const longestTimeout = parseDuration('24d');
const longestBackoff = parseDuration('1h');
const mostRetries = 10;

interface At {
  readonly value: unknown;
  readonly path: YamlPath;
}

const duration = (to: Complaints, at: At & { readonly most: number }): number | undefined => {
  const key = at.path.at(-1);
  if (typeof at.value !== 'string') {
    complain(to, at.path, `\`${key}\` must be a number and one of ms, s, m, h, d, such as 5m`);
    return undefined;
  }
  try {
    const parsed = parseDuration(at.value);
    if (parsed <= at.most) return parsed;
    complain(to, at.path, `\`${key}\` is longer than ${formatDuration(at.most)}`);
  } catch (error) {
    complain(to, at.path, `\`${key}\`: ${messageOf(error)}: write a number and one of ms, s, m, h, d, such as 5m`);
  }
  return undefined;
};

const timeoutOf = (to: Complaints, at: At): number | undefined => {
  const timeout = duration(to, { ...at, most: longestTimeout });
  if (timeout === 0)
    complain(to, at.path, '`timeout` of nothing would stop the step before it starts; leave it out for no limit');
  return timeout;
};

const retryOf = (to: Complaints, { value, path }: At): Settings['retry'] => {
  if (!isMap(value)) {
    complain(to, path, '`retry` must be a map with `max` and `backoff`, such as { max: 2, backoff: 5s }');
    return undefined;
  }
  refuseUnknownKeys(to, { map: value, path }, ['max', 'backoff']);
  const { max } = value;
  const whole = typeof max === 'number' && Number.isInteger(max) && max >= 0 && max <= mostRetries;
  if (!whole) complain(to, [...path, 'max'], `\`retry.max\` must be a whole number from 0 to ${mostRetries}`);
  const backoff =
    value.backoff === undefined
      ? 0
      : duration(to, { value: value.backoff, path: [...path, 'backoff'], most: longestBackoff });
  return whole && backoff !== undefined ? { max, backoff } : undefined;
};

const nameShape = /^[A-Za-z_][A-Za-z0-9_]*$/;

const whyNoName = (name: string): string | undefined => {
  if (!nameShape.test(name)) return 'a variable is named by letters, digits and underscores';
  return name.startsWith('LOCKSTEP_') ? 'names that begin with LOCKSTEP_ are set by Lockstep itself' : undefined;
};

const envOf = (to: Complaints, { value, path }: At, scope: OutputsScope | undefined): Settings['env'] => {
  if (!isMap(value)) {
    complain(to, path, '`env` must be a map of names and texts, such as { MODE: fast }');
    return {};
  }
  const env: Record<string, string> = {};
  for (const [name, text] of Object.entries(value)) {
    if (isFull(to)) break;
    const why = whyNoName(name);
    if (why !== undefined) complain(to, [...path, name], why, 'key');
    else if (typeof text !== 'string') complain(to, [...path, name], 'a variable must be text: put it in quotes');
    else if (text.includes('\0')) complain(to, [...path, name], 'no program can be given a NUL character');
    else {
      problemsInside(to, [...path, name], templateFaults(text, scope));
      env[name] = text;
    }
  }
  return env;
};

/** The settings in a map. Problems are added to `to`. */
export const checkSettings = (
  to: Complaints,
  at: { readonly map: YamlMap; readonly path: YamlPath },
  scope?: OutputsScope,
): Settings => {
  const { map, path } = at;
  const given = (key: (typeof settingKeys)[number]): At => ({ value: map[key], path: [...path, key] });
  const timeout = map.timeout === undefined ? undefined : timeoutOf(to, given('timeout'));
  const retry = map.retry === undefined ? undefined : retryOf(to, given('retry'));
  const goesOn = map.continue_on_error;
  if (goesOn !== undefined && typeof goesOn !== 'boolean')
    complain(to, [...path, 'continue_on_error'], '`continue_on_error` must be true or false');
  return {
    env: map.env === undefined ? {} : envOf(to, given('env'), scope),
    ...(timeout === undefined ? {} : { timeout }),
    ...(retry === undefined ? {} : { retry }),
    ...(typeof goesOn === 'boolean' ? { continueOnError: goesOn } : {}),
  };
};
