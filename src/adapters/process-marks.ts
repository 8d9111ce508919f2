/** Marks in the environment of started groups: no two groups ever have the same. */
import { randomBytes } from 'node:crypto';

/** What all marks of this process begin with. */
export const ofThisProcess = randomBytes(8).toString('hex');

let made = 0;
export const newMark = (): string => {
  made += 1;
  return `${ofThisProcess}-${made}`;
};

/** Whether a mark is one of a process's, given what that one's marks begin with. */
export const isMarkOf = (mark: string, process: string): boolean => mark.startsWith(`${process}-`);
