/** Finds what the configuration takes from main and the checked-out commit does not hold: most often a slip of the pen. */
import { posix } from 'node:path';
import { type Problem, short } from '../config/problem.ts';
import { mainPaths } from '../config/written-values.ts';
import type { YamlFile } from '../config/yaml-file.ts';
import { nearestName } from '../domain/nearest.ts';
import { cleanRelative } from '../domain/paths.ts';
import type { MainProject } from './main-project.ts';

/** Every file of a commit and every folder above one. */
const placesIn = (paths: readonly string[]): ReadonlySet<string> => {
  const places = new Set(['', '.', ...paths]);
  for (const path of paths) {
    for (let at = posix.dirname(path); !places.has(at); at = posix.dirname(at)) places.add(at);
  }
  return places;
};

/** A folder that holds no file of the commit, or none yet, is no mistake that keeps anything from running: these warn. */
export const missingSources = async (main: MainProject, config: YamlFile): Promise<readonly Problem[]> => {
  const commit = await main.repo.commit('HEAD');
  if (commit === undefined) return [];
  const places = placesIn((await main.repo.tree(commit)).map(({ path }) => path));
  return mainPaths(config.value).flatMap(({ path, text }) => {
    const clean = cleanRelative(text);
    if (places.has(clean)) return [];
    const near = nearestName(clean, places);
    const meant = near === undefined || near === '' ? '' : `; did you mean \`${short(near, 60)}\`?`;
    const here = main.ports.files.stat(posix.join(main.git.root, clean)) !== undefined;
    const where = here ? 'is not committed, so it is not synced yet' : `is not in main at ${commit.slice(0, 10)}`;
    return [config.problem(path, `\`${short(text, 60)}\` ${where}${here ? '' : meant}`)];
  });
};
