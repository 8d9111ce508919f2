/** Every guard of an invariant that a test must miss when it is gone. */
import { goingBackGuards } from './guards/going-back.ts';
import { ownerGuards } from './guards/owner.ts';
import { packageGuards } from './guards/package.ts';
import { planFileGuards } from './guards/plan-file.ts';
import { pruningGuards } from './guards/pruning.ts';
import { pushGuards } from './guards/pushes.ts';
import { restoringGuards } from './guards/restoring.ts';
import { stateGuards } from './guards/state.ts';
import { tagGuards } from './guards/tags.ts';
import { transactionGuards } from './guards/transaction.ts';
import { trustGuards } from './guards/trust.ts';
import { verdictGuards } from './guards/verdicts.ts';
import { writingGuards } from './guards/writing.ts';
import type { Mutant } from './mutant.ts';

export const mutants: readonly Mutant[] = [
  ...writingGuards,
  ...stateGuards,
  ...transactionGuards,
  ...ownerGuards,
  ...packageGuards,
  ...planFileGuards,
  ...trustGuards,
  ...verdictGuards,
  ...goingBackGuards,
  ...tagGuards,
  ...pruningGuards,
  ...restoringGuards,
  ...pushGuards,
];
