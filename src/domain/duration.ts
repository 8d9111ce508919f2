/** Durations the way people write them in YAML, one number and one unit, as milliseconds. */
import { LockstepError } from './errors.ts';

const units = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

/** What a duration looks like, for schemas and editors. Seven digits keep every value an exact number of milliseconds. */
export const durationPattern = '^(0|[1-9][0-9]{0,6})(ms|s|m|h|d)$';

const durationShape = new RegExp(durationPattern);

/** `3s`, `5m`, `4h`, `2d`, `250ms` in milliseconds. Throws `config-invalid` for anything else. */
export const parseDuration = (text: string): number => {
  const parts = durationShape.exec(text);
  if (parts === null) {
    throw new LockstepError('config-invalid', `${JSON.stringify(text)} is no duration`, {
      hint: 'write a number and one of ms, s, m, h, d, such as 3s or 5m',
    });
  }
  return Number(parts[1]) * units[parts[2] as keyof typeof units];
};

/** The shortest exact way to write a number of milliseconds: `90000` is `90s`, `120000` is `2m`. */
export const formatDuration = (milliseconds: number): string => {
  const whole = Math.max(0, Math.round(milliseconds));
  const unit =
    (['d', 'h', 'm', 's'] as const).find((name) => whole >= units[name] && whole % units[name] === 0) ?? 'ms';
  return `${whole / units[unit]}${unit}`;
};
