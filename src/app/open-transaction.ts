/** Opens the transaction of one run in one target, bounded by its roots and closed to the main project's own paths. */
import type { Roots } from '../domain/paths.ts';
import { openTransaction, type Transaction } from '../pipeline/transaction.ts';
import type { MainProject } from './main-project.ts';
import { refuseMainPaths } from './refuse-main-paths.ts';

export interface TransactionFacts {
  readonly target: string;
  readonly roots: Roots;
  readonly run: string;
}

/** Nothing is written before it has something to do. */
export const transactionIn = async (
  main: MainProject,
  { target, roots, run }: TransactionFacts,
): Promise<Transaction> =>
  openTransaction({
    ports: main.ports,
    roots,
    target,
    run,
    projectId: main.project.id,
    state: main.state,
    refuse: await refuseMainPaths(main, main.ports.files),
    readBackup: (digest) => main.backups.read(digest),
  });
