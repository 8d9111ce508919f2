/** Shell text that starts Lockstep from a hook, and lets git go on whatever comes of it. */

/** Seconds after which a Lockstep that does not keep its own budget is ended: it hangs. */
export const lastResort = 60;

export interface LaunchSpec {
  /** A build of Lockstep to start where none was recorded, relative to the top of the work tree. */
  readonly build?: string;
  /** Seconds; see `lastResort`. */
  readonly limit: number;
}

/** Needs `name`, `code`, `lines`. Defines how a hook says why it does nothing, and how it waits for Lockstep. */
export const launchFunctions = (limit: number): string => `skip() {
  printf '%s\\n' "lockstep $name: skipped, $1; $2 mends it" >&2
  exit "$code"
}
# Hands git's lines to a program that takes the place of this process.
hand_over() {
  if [ -z "$lines" ]; then exec "$@" </dev/null; fi
  exec "$@" <<END
$lines
END
}
# Set below: what this hook starts does not start it again. A Lockstep that hangs is ended.
ask() {
  (
    LOCKSTEP_HOOK=$name
    export LOCKSTEP_HOOK
    hand_over "$@" 2>&1
  ) &
  asked=$!
  (
    trap 'kill "$nap"; exit 0' TERM
    # In the background, for a shell hears of a signal only between two programs.
    doze() {
      sleep "$1" &
      nap=$!
      wait "$nap"
    }
    doze ${limit} && kill "$asked" && doze 5 && kill -9 "$asked"
  ) >/dev/null 2>&1 &
  watcher=$!
  trap 'kill "$asked" "$watcher"; exit 130' HUP INT TERM
  wait "$asked"
  answer=$?
  kill "$watcher"
  exit "$answer"
}
`;

const fallback = (build: string | undefined): string =>
  build === undefined
    ? `elif command -v lockstep >/dev/null 2>&1; then
  set -- lockstep hook "$name" "$@"
`
    : `elif [ -f ${build} ] && command -v node >/dev/null 2>&1; then
  main=${build}
  set -- node "$main" hook "$name" "$@"
`;

/** Puts the command that starts Lockstep before the arguments; ends the script where there is none. */
export const findLockstep = (build: string | undefined): string => `if [ -n "$main" ]; then
  if [ ! -f "$main" ]; then skip "$main is gone" 'lockstep hooks install'; fi
  if [ ! -x "$node" ]; then
    gone=$node
    node=$(command -v node) || skip "$gone is gone" 'lockstep hooks install'
  fi
  set -- "$node" "$main" hook "$name" "$@"
${fallback(build)}else
  exit "$code"
fi
`;

/** Asks, shows the answer, and ends with the code of the hook that was there before. Lockstep's own code 6 blocks where that is allowed. */
export const askLockstep = ({
  build,
  blocks,
}: {
  readonly build?: string;
  readonly blocks: 'with 6' | 'never';
}): string => {
  const mend = build === undefined ? 'lockstep hooks install' : 'npm run build';
  const block =
    blocks === 'never'
      ? ''
      : `  # Gate not met, and it says why.\n  6) if [ -n "$said" ]; then code=6; else answer=empty; fi ;;\n`;
  return `# The braces keep a shell's own word about a killed child off the screen.
{
  said=$(ask "$@")
  answer=$?
} 2>/dev/null
case $answer in
  0) ;;
${block}  137 | 143) skip 'it was ended before it answered' '${mend}' ;;
  *) answer=empty ;;
esac
if [ "$answer" = empty ]; then skip 'Lockstep does not work here' '${mend}'; fi
if [ -n "$said" ]; then printf '%s\\n' "$said" >&2; fi
exit "$code"
`;
};
