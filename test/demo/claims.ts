/** Collects what the demo claims, each with whether it holds, and prints them as a table. */

export interface Claim {
  readonly holds: boolean;
  readonly what: string;
  readonly where: string;
  /** What was found instead; empty when the claim holds. */
  readonly instead: string;
}

export interface Claims {
  /** Prints and keeps one claim. `instead` is shown when it does not hold. */
  readonly claim: (what: string, verdict: Verdict) => void;
  readonly all: () => readonly Claim[];
}

export interface Verdict {
  readonly holds: boolean;
  /** Where a person can look for themselves. */
  readonly where: string;
  readonly instead?: string;
}

export type Print = (line: string) => void;

const mark = ({ holds }: { readonly holds: boolean }): string => (holds ? '✓' : '✗');

export const openClaims = (print: Print): Claims => {
  const kept: Claim[] = [];
  return {
    claim: (what, { holds, where, instead = '' }) => {
      kept.push({ holds, what, where, instead: holds ? '' : instead });
      print(`  ${mark({ holds })} ${what}`);
      if (!holds && instead !== '') for (const line of instead.split('\n').slice(0, 12)) print(`      ${line}`);
    },
    all: () => kept,
  };
};

/** The closing table: one line a claim. */
export const claimTable = (claims: readonly Claim[]): readonly string[] => {
  const width = Math.max(...claims.map(({ what }) => what.length), 'what'.length);
  const held = claims.filter(({ holds }) => holds).length;
  return [
    `    ${'what'.padEnd(width)}  where to look`,
    ...claims.map((one) => `  ${mark(one)} ${one.what.padEnd(width)}  ${one.where}`),
    '',
    held === claims.length
      ? `All ${held} claims hold.`
      : `${claims.length - held} of ${claims.length} claims do not hold.`,
  ];
};
