/** Keeps what each step of a run printed, in one file a step, bounded in size, saying what was left out. */
import { join } from 'node:path';
import type { StateFiles } from '../../ports.ts';
import { fileNameOf } from '../file-names.ts';

/** Of the beginning, and once more of the end: what went wrong is said last. Characters. */
export const outputShare = 256 * 1024;

/** The file of one step's output in the folder of a run. */
export const outputPath = (dir: string, target: string, step: string): string =>
  join(dir, 'output', fileNameOf(target), `${fileNameOf(step)}.log`);

export interface OutputLog {
  add(target: string, step: string, text: string): void;
  /** Puts the end of what steps printed on the disk: of one step, of a target's steps, or of all. */
  end(target?: string, step?: string): void;
  /** Puts on the disk what waits: nothing is written before the first call. */
  flush(): void;
}

interface Kept {
  readonly target: string;
  readonly step: string;
  /** Of the beginning, not yet on the disk. */
  waiting: string;
  room: number;
  /** Whether the beginning ends in the middle of a line. */
  broken: boolean;
  tail: string;
  /** Characters that fell out of the tail. */
  dropped: number;
}

const dropLine = (count: number): string =>
  `[lockstep: ${count} characters left out here; of a step's output, the first and the last ${outputShare} are kept]\n`;

/** Leaves the last whole lines of a tail that grew too long. */
const trim = (kept: Kept): void => {
  const surplus = kept.tail.length - outputShare;
  if (surplus <= 0) return;
  const line = kept.tail.indexOf('\n', surplus) + 1;
  const from = line === 0 ? surplus : line;
  kept.dropped += from;
  kept.tail = kept.tail.slice(from);
};

export const openOutput = (state: Pick<StateFiles, 'append'>, dir: string): OutputLog => {
  const all = new Map<string, Kept>();
  let writing = false;

  const write = (kept: Kept, text: string): void => {
    if (text !== '') state.append(outputPath(dir, kept.target, kept.step), text, 'lazy');
  };
  const flushOne = (kept: Kept): void => {
    if (!writing) return;
    write(kept, kept.waiting);
    kept.waiting = '';
  };
  const endOne = (kept: Kept): void => {
    flushOne(kept);
    trim(kept);
    if (!writing || kept.tail === '') return;
    write(kept, `${kept.dropped > 0 ? `${kept.broken ? '\n' : ''}${dropLine(kept.dropped)}` : ''}${kept.tail}`);
    kept.tail = '';
    kept.dropped = 0;
  };

  return {
    add: (target, step, text) => {
      const key = JSON.stringify([target, step]);
      const kept = all.get(key) ?? {
        target,
        step,
        waiting: '',
        room: outputShare,
        broken: false,
        tail: '',
        dropped: 0,
      };
      all.set(key, kept);
      const head = text.slice(0, kept.room);
      kept.waiting += head;
      kept.room -= head.length;
      if (head !== '') kept.broken = !head.endsWith('\n');
      kept.tail += text.slice(head.length);
      // Cut seldom: each cut copies the whole tail.
      if (kept.tail.length > 2 * outputShare) trim(kept);
      flushOne(kept);
    },
    end: (target, step) => {
      for (const kept of all.values()) {
        if ((target === undefined || kept.target === target) && (step === undefined || kept.step === step))
          endOne(kept);
      }
    },
    flush: () => {
      writing = true;
      for (const kept of all.values()) flushOne(kept);
    },
  };
};
