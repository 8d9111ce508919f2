/** What every value on a command line names: each option that takes one, and each argument, stands here. */
import type { Argument, Option } from 'commander';
import { longName } from './asked.ts';

/** What a value names. `free`: nothing that could be listed. `… list`: several, separated by commas. */
export type Meaning =
  | 'target'
  | 'run'
  | 'backup'
  | 'component'
  | 'component list'
  | 'suite list'
  | 'step'
  | 'step list'
  | 'pipeline'
  | 'pipeline or target'
  | 'type'
  | 'status'
  | 'revision'
  | 'command'
  | 'shell'
  | 'hook'
  | 'folder'
  | 'file'
  | 'free';

/** By the option's long name, and by path before it where it means something else there. */
const ofOptions: Readonly<Record<string, Meaning>> = {
  '--target': 'target',
  '--component': 'component list',
  '--categories': 'component list',
  '--tests': 'suite list',
  '--only': 'step list',
  '--skip': 'step list',
  '--step': 'step',
  '--backup': 'backup',
  '--retry-failed': 'run',
  '--pipeline': 'pipeline',
  '--type': 'type',
  '--status': 'status',
  '--since': 'revision',
  '--path': 'folder',
  // Below the target's folder, not below the one that somebody stands in.
  'sync rollback --path': 'free',
  'target rollback --path': 'free',
  'target restore --path': 'free',
  'init --target': 'folder',
  '--package': 'folder',
  '--docs': 'folder',
  '--config': 'file',
  '--name': 'free',
  '--import': 'free',
  '--checkout': 'folder',
  '-C': 'folder',
  '--python': 'file',
  '--out': 'file',
  '--plan': 'file',
  '--version': 'free',
  '--reason': 'free',
  '--jobs': 'free',
  '--last': 'free',
};

const ofArguments: Readonly<Record<string, Meaning>> = {
  target: 'target',
  targets: 'target',
  run: 'run',
  backup: 'backup',
  other: 'backup',
  pipeline: 'pipeline',
  'pipeline|target': 'pipeline or target',
  command: 'command',
  shell: 'shell',
  'hook name': 'free',
  'target add name': 'free',
  'sync explain what': 'free',
  'hook args': 'free',
  'push args': 'free',
};

/** undefined for an option that nobody gave a meaning. */
export const meaningOfOption = (path: string, option: Option): Meaning | undefined =>
  ofOptions[`${path} ${longName(option)}`] ?? ofOptions[longName(option)];

/** undefined for an argument that nobody gave a meaning. */
export const meaningOfArgument = (path: string, argument: Argument): Meaning | undefined =>
  ofArguments[`${path} ${argument.name()}`] ?? ofArguments[argument.name()];
