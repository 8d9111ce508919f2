import { join } from 'node:path';
import { expect, it } from 'vitest';
import { put, sampleMain, temporary, text } from '../fixtures/sandbox.ts';
import { lockstep } from '../stories/command.ts';

it('finds an unclosed template and a commit rule that is no expression, and passes the sample project', () => {
  const main = sampleMain(join(temporary('validate'), 'main'));
  expect(lockstep(main, 'validate')).toMatchObject({ exit: 0 });
  put(main, {
    'sync.config.yaml': `${text(main, 'sync.config.yaml').replace('target.package_dir }}/plans', 'target.package_dir /plans')}\ncommits:\n  - { if: "type ==", priority: high }\n`,
  });
  const answer = lockstep(main, 'validate');
  expect(answer.exit).toBe(2);
  expect(answer.out + answer.err).toContain('components: plans');
  expect(answer.out + answer.err).toContain('commits:');
});
