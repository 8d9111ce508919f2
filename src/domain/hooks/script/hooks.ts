/** What each git hook does in the shell, put together from the parts: the one template of all of them. */
import { askLockstep, findLockstep, launchFunctions } from './launch.ts';
import { type HookCaller, type HookName, heldSuffix } from './names.ts';
import { findState, findStateCheaply, readLauncher } from './places.ts';
import { acceptedBefore } from './push-ok.ts';
import { drain, findHeld, heldCall, linesFromPreCommit, readLines, standAside, standAsideOnRecord } from './stages.ts';

export interface HookBody {
  readonly caller: HookCaller;
  /** A build of Lockstep to start where none was recorded, relative to the top of the work tree. */
  readonly build?: string;
  /** Seconds. */
  readonly limit: number;
}

const start = ({ build }: HookBody): string => `${readLauncher}${findLockstep(build)}`;

const ask = ({ build }: HookBody, blocks: 'with 6' | 'never'): string =>
  askLockstep({ blocks, ...(build === undefined ? {} : { build }) });

/** The hook that was there before, with git's own standard input; its exit code is the last word. */
const heldFirst = (caller: HookCaller): string => {
  const held = heldCall(caller);
  return held === undefined ? '' : `${findHeld}if ${held.there}; then ${held.command} || code=$?; fi\n`;
};

/** The hook that was there before gets the lines that were read already, and stops a push with its own exit code. */
const heldWithLines = (caller: HookCaller): string => {
  const held = heldCall(caller);
  if (held === undefined) return '';
  return `${findHeld}if ${held.there}; then
  if [ -t 0 ]; then ${held.command}; else (hand_over ${held.command}); fi || exit $?
fi
`;
};

const prePush = (body: HookBody): string =>
  [
    readLines,
    body.caller === 'entry' ? linesFromPreCommit : '',
    launchFunctions(body.limit),
    heldWithLines(body.caller),
    findState,
    standAsideOnRecord,
    readLauncher,
    acceptedBefore,
    findLockstep(body.build),
    ask(body, 'with 6'),
  ].join('');

/** @param unless what else ends it before Lockstep is asked */
const afterMove =
  (unless: string) =>
  (body: HookBody): string =>
    [
      heldFirst(body.caller),
      drain,
      unless,
      standAside,
      findState,
      "lines=''\n",
      launchFunctions(body.limit),
      start(body),
      ask(body, 'never'),
    ].join('');

const afterMerge = afterMove('');

const afterRewrite = afterMove('# An amended commit was not pulled.\nif [ "$1" != rebase ]; then exit "$code"; fi\n');

/**
 * Git calls it several times for every ref that moves, and waits: without a note it costs looking for that file. It acts only
 * where a remote-tracking ref has moved to an object that the note names.
 */
const referenceTransaction = (body: HookBody): string => {
  const held = heldCall(body.caller);
  const pass = held === undefined ? 'exit 0' : `if ${held.there}; then exec ${held.command}; fi\n  exit 0`;
  const first = held === undefined ? '' : `if ${held.there}; then (hand_over ${held.command}) || code=$?; fi\n`;
  return `${findStateCheaply}note=$state/push-note
${held === undefined ? '' : findHeld}# Git does not mind a hook that reads nothing here, and most have nothing to do.
if [ ! -f "$note" ] || [ "$1" != committed ] || [ "\${LOCKSTEP:-}" = 0 ] || [ -n "\${LOCKSTEP_HOOK:-}" ]; then
  ${pass}
fi
${readLines}${launchFunctions(body.limit)}${first}noted='' moved=''
while IFS= read -r line || [ -n "$line" ]; do noted=$noted$line$nl line=''; done <"$note"
while IFS= read -r line; do
  case $line in
    *' 'refs/remotes/?*)
      line=\${line#* }
      id=\${line%% *}
      case $id in *[!0]*) case $noted in *"$id"*) moved=yes ;; esac ;; esac
      ;;
  esac
done <<END
$lines
END
if [ -z "$moved" ]; then exit "$code"; fi
${start(body)}${ask(body, 'never')}`;
};

const bodies: Readonly<Record<HookName, (body: HookBody) => string>> = {
  'pre-push': prePush,
  'post-merge': afterMerge,
  'post-rewrite': afterRewrite,
  'reference-transaction': referenceTransaction,
};

const about: Readonly<Record<HookName, string>> = {
  'pre-push': 'asks Lockstep about a push',
  'post-merge': 'tells Lockstep of a merge',
  'post-rewrite': 'tells Lockstep of a pull that rebased',
  'reference-transaction': 'tells Lockstep of a push that was accepted',
};

/** The text below the first two lines. POSIX sh, whole under `set -e` too. */
export const hookBody = (name: HookName, body: HookBody): string => {
  const before = body.caller === 'entry' ? '' : `# What stood here before is ${name}${heldSuffix}, and runs first.\n`;
  return `# ${name}: ${about[name]}. \`lockstep hooks install\` wrote it, \`lockstep hooks uninstall\` takes it away.
# It never stands in git's way: what goes wrong is one line, and git goes on.
${before}set +e
name=${name} code=0
${bodies[name](body)}`;
};
