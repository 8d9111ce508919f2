/** Shell text that finds Lockstep's state and launcher: with what every POSIX sh has built in, without starting git. */

/** Sets `common`: git's folder that all work trees share. Git starts a hook at the top of the work tree, or in a bare repository. */
const common = `common=\${GIT_COMMON_DIR:-}
if [ -z "$common" ]; then
  common=\${GIT_DIR:-.git}
  # In a linked work tree and in a submodule a file names the folder.
  if [ -f "$common" ]; then
    IFS= read -r line <"$common" || :
    common=\${line#gitdir: }
  fi
  if [ -f "$common/commondir" ]; then
    IFS= read -r line <"$common/commondir" || :
    case $line in
      /* | ?:*) common=$line ;;
      *) common=$common/$line ;;
    esac
  fi
fi
`;

/** Sets `state`: Lockstep's own folder there, or the place that the configuration moved it to when the hooks were installed. */
const state = `state=$common/lockstep
if [ -f "$state/moved" ]; then IFS= read -r state <"$state/moved" || :; fi
`;

/** Finds both, and starts git only where it stands somewhere else than git promises. */
export const findState = `${common}if [ ! -d "$common/objects" ]; then common=$(git rev-parse --git-common-dir 2>/dev/null) || exit "$code"; fi
${state}`;

/** Finds both or ends the script; never starts anything. */
export const findStateCheaply = `${common}${state}`;

/** First line of the file that says how Lockstep is started here; then node's path and that of Lockstep, one a line. */
export const launcherHeader = 'lockstep-launcher 1';

/** Sets `node` and `main` to what was recorded when the hooks were installed; both empty when nothing was. */
export const readLauncher = `node='' main='' recorded=$common/lockstep/launcher
if [ -f "$recorded" ] && [ -r "$recorded" ]; then
  { IFS= read -r line && [ "$line" = '${launcherHeader}' ] && IFS= read -r node && IFS= read -r main; } <"$recorded" || main=
fi
`;
