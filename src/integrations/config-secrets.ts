/** The secrets that stand in a target's configuration files and in main's: values that no shown output may hold. Reads only. */
import { resolve } from 'node:path';
import { LockstepError } from '../domain/errors.ts';
import { maskable, maskText } from '../domain/mask-text.ts';
import { secretTexts } from '../domain/secrets.ts';
import { formatOf } from '../formats/index.ts';
import { placeFor } from './component-files.ts';
import type { TargetContext } from './target-context.ts';

type SecretContext = Pick<TargetContext, 'project' | 'layout' | 'main' | 'ports' | 'fill'>;

/** What cannot be read is hidden by the names that it stands under alone. */
const orNone = async (read: () => Promise<readonly string[]>): Promise<readonly string[]> => {
  try {
    return await read();
  } catch (error) {
    if (!(error instanceof LockstepError)) throw error;
    return [];
  }
};

const inFile = ({ project, ports }: SecretContext, place: string): Promise<readonly string[]> =>
  orNone(async () =>
    ports.files.real(place) === undefined
      ? []
      : secretTexts(formatOf(place).parse(ports.files.readText(place)), project.secrets),
  );

const inCommit = ({ project, main }: SecretContext, from: string): Promise<readonly string[]> =>
  orNone(async () => {
    const entries = await main.under(from);
    const contents = await main.read(entries.map(({ blob }) => blob));
    return [...contents.values()].flatMap((bytes) =>
      secretTexts(formatOf(from).parse(bytes.toString('utf8')), project.secrets),
    );
  });

/** Of the target, of main's commit, and of main's work tree: what is about to be committed is no less secret. */
const secretsOf = async (context: SecretContext): Promise<readonly string[]> => {
  const { project } = context;
  const placed = project.config.map(({ into }) => orNone(async () => [placeFor(context, into) ?? []].flat()));
  const places = await Promise.all(placed);
  const files = [...places.flat(), ...project.config.map(({ from }) => resolve(project.root, from))];
  const found = [
    ...files.map((place) => inFile(context, place)),
    ...project.config.map(({ from }) => inCommit(context, from)),
  ];
  return (await Promise.all(found)).flat();
};

/** Hides secrets in text that a program printed: by name, and every value that the files hold at this moment. */
export const maskFor = async (context: SecretContext): Promise<(text: string) => string> => {
  const known = maskable(await secretsOf(context));
  return (text) => maskText(text, context.project.secrets, known);
};
