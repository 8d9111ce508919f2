/** What the doctor knows of a check: how it looks, and how it mends what may safely be mended. */
import type { PythonFacts } from '../../domain/target.ts';
import type { Ports } from '../../ports.ts';
import type { HookSite } from '../hooks/ground.ts';
import type { InstallRequest } from '../hooks/install.ts';
import type { MainProject } from '../main-project.ts';

/** `warning`: everything works, and somebody should know; `unknown`: it could not be looked at, which is not fine. */
export type Verdict = 'fine' | 'warning' | 'broken' | 'unknown';

export interface Finding {
  /** What it is about where a check looks at several things: a target's name, a path; null otherwise. */
  readonly subject: string | null;
  readonly verdict: Verdict;
  /** What was seen, or what is wrong, in one line. */
  readonly cause: string;
  /** The one command that mends it, or what else there is to do; null where nothing has to be mended. */
  readonly mend: string | null;
  /** Whether `doctor --fix` mends it. */
  readonly mendable: boolean;
}

export interface FoundBuilder {
  readonly facts: PythonFacts;
  /** Why the one that the configuration names was passed over; null when it was not. */
  readonly passedOver: string | null;
}

/** Where the doctor stands. What is asked for twice is looked up once. */
export interface DoctorGround {
  readonly ports: Ports;
  /** The folder that it was started in; it is there. */
  readonly dir: string;
  readonly env: Readonly<Record<string, string>>;
  readonly launcher: InstallRequest['launcher'];
  /** Of this Lockstep. */
  readonly version: string;
  /** Throws `not-a-main-project`. */
  readonly site: () => Promise<HookSite>;
  /** Its registry can be read. Throws `not-a-main-project`, `config-invalid`, `registry-invalid`, `format-newer`. */
  readonly main: () => Promise<MainProject>;
  /** The Python that builds the package, when it need not be a target's own. Throws `python-unusable`. */
  readonly builder: () => Promise<FoundBuilder>;
}

export interface DoctorCheck {
  readonly name: string;
  readonly summary: string;
  /** Writes nothing. What it throws of LockstepErrors becomes a finding. */
  look(ground: DoctorGround): Promise<readonly Finding[]>;
  /**
   * Mends what its look called mendable, and nothing that a person may have meant otherwise; one line for each thing
   * done. Throws what keeps it from that.
   */
  mend?(ground: DoctorGround): Promise<readonly string[]>;
}

type Facts = Partial<Pick<Finding, 'subject' | 'mend' | 'mendable'>>;

const finding = (
  verdict: Verdict,
  cause: string,
  { subject = null, mend = null, mendable = false }: Facts,
): Finding => ({
  subject,
  verdict,
  cause,
  mend,
  mendable,
});

export const fine = (cause: string, facts: Pick<Facts, 'subject'> = {}): Finding => finding('fine', cause, facts);

export const warning = (cause: string, facts: Facts): Finding => finding('warning', cause, facts);

export const broken = (cause: string, facts: Facts): Finding => finding('broken', cause, facts);

export const unknown = (cause: string, facts: Facts): Finding => finding('unknown', cause, facts);
