/** The parts of a hook's script before Lockstep is started: git's lines, the hook that was there before, and when nothing is done. */
import { type HookCaller, heldSuffix } from './names.ts';

/** What a terminal types is not git's: nobody is waited for. */
export const readLines = `nl='
'
lines='' odd='' line='' count=0
if [ ! -t 0 ]; then
  while IFS= read -r line; do
    if [ -z "$line" ]; then odd=yes; fi
    if [ "$count" -eq 0 ]; then lines=$line; else lines=$lines$nl$line; fi
    count=$((count + 1)) line=''
    # The shell reads byte by byte; of so many refs the rest is read at once.
    if [ "$count" -eq 64 ]; then
      rest=$(cat)
      if [ -n "$rest" ]; then odd=yes lines=$lines$nl$rest; fi
    fi
  done
  if [ -n "$line" ]; then
    odd=yes
    if [ "$count" -eq 0 ]; then lines=$line; else lines=$lines$nl$line; fi
  fi
fi
`;

/** Makes git's line anew of what pre-commit says in variables; it tells of one ref, and of none when a branch is deleted. */
export const linesFromPreCommit = `if [ -z "$lines" ] && [ "\${PRE_COMMIT:-}" = 1 ] && [ -n "\${PRE_COMMIT_LOCAL_BRANCH:-}" ]; then
  local_id=\${PRE_COMMIT_TO_REF:-$(git rev-parse --verify --quiet "$PRE_COMMIT_LOCAL_BRANCH^{commit}")}
  remote_id=\${PRE_COMMIT_FROM_REF:-0000000000000000000000000000000000000000}
  lines="$PRE_COMMIT_LOCAL_BRANCH $local_id \${PRE_COMMIT_REMOTE_BRANCH:-} $remote_id"
fi
`;

/** Git may write to a hook's standard input: it is read to its end, so that git never meets a closed pipe. */
export const drain = `if [ ! -t 0 ]; then cat >/dev/null 2>&1 || :; fi
`;

/** `there` is the condition and `command` the words that start the hook that was there before. */
export interface HeldCall {
  readonly there: string;
  readonly command: string;
}

/** Husky hands a hook to `sh -e`; git starts one that may be executed, and passes over one that may not. */
export const heldCall = (caller: HookCaller): HeldCall | undefined => {
  if (caller === 'entry') return undefined;
  if (caller === 'husky') return { there: '[ -f "$held" ]', command: 'sh -e "$held" "$@"' };
  return { there: '[ -f "$held" ] && [ -x "$held" ]', command: '"$held" "$@"' };
};

/** Sets `held` to the place of the hook that was there before; a name without a folder would be looked for on PATH. */
export const findHeld = `case $0 in
  */*) held=$0${heldSuffix} ;;
  *) held=./$0${heldSuffix} ;;
esac
`;

/** `LOCKSTEP=0`, and what runs inside a hook already. */
export const standAside = `if [ "\${LOCKSTEP:-}" = 0 ] || [ -n "\${LOCKSTEP_HOOK:-}" ]; then exit "$code"; fi
`;

/** As above; a push that was let through by `LOCKSTEP=0` is on record, without an address, for that may hold a password. */
export const standAsideOnRecord = `if [ "\${LOCKSTEP:-}" = 0 ]; then
  case $1 in *[!A-Za-z0-9._-]* | '') remote=- ;; *) remote=$1 ;; esac
  if [ -d "$state" ] && [ -n "$lines" ]; then
    (
      umask 077
      at=$(date -u +%Y-%m-%dT%H:%M:%SZ)
      sed "s/^/$at $name $remote /" >>"$state/bypasses" <<END
$lines
END
    ) 2>/dev/null
  fi
  exit "$code"
fi
if [ -n "\${LOCKSTEP_HOOK:-}" ]; then exit "$code"; fi
`;
