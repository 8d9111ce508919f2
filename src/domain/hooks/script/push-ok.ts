/** Shell text that lets a push through without starting node, only where it is exactly one that was accepted before. */

/** First line of the file that says what was accepted; Lockstep removes that file before anything that could change the answer. */
export const pushOkHeader = 'lockstep-push-ok 1';

/**
 * Needs `state`, `recorded`, `main`, `lines`, `odd`, and git's two arguments. Then come `watch <absolute path>` lines, and
 * `ok <remote name> <remote url> <remote ref> <object id>` lines. Any doubt is a no, and so are equal times.
 */
export const acceptedBefore = `# Older than what was accepted: there, no link, and neither it nor a file beside it came later. The state's folder always did.
older() {
  [ -e "$1" ] && [ ! -L "$1" ] && [ "$ok" -nt "$1" ] || return 1
  beside=\${1%/*}
  [ "$ok" -nt "\${beside:-/}" ] || [ "$beside" -ef "$state" ]
}
id() {
  case $1 in *[!0-9a-f]* | '') return 1 ;; esac
  [ "\${#1}" -eq 40 ] || [ "\${#1}" -eq 64 ]
}
accepted_before() {
  ok=$state/push-ok
  [ -f "$ok" ] && [ ! -L "$ok" ] && [ -r "$ok" ] || return 1
  [ $# -eq 2 ] && [ -z "$odd" ] && [ -n "$lines" ] || return 1
  case "$1:$2" in :* | *: | *[![:graph:]]*) return 1 ;; esac
  [ "$ok" -nt "$0" ] && [ "$ok" -nt "$recorded" ] && [ ! -L "$recorded" ] || return 1
  cd -P . || return 1
  configured='' launched='' accepted=$nl
  {
    IFS= read -r line && [ "$line" = '${pushOkHeader}' ] || return 1
    while IFS= read -r line; do
      case $line in
        'watch /'*)
          watched=\${line#watch }
          older "$watched" || return 1
          if [ "$watched" = "$PWD/sync.config.yaml" ]; then configured=yes; fi
          if [ "$watched" = "$main" ]; then launched=yes; fi
          ;;
        'ok '*) accepted=$accepted$line$nl ;;
        *) return 1 ;;
      esac
      line=''
    done
    [ -z "$line" ] || return 1
  } <"$ok"
  [ -n "$configured" ] && [ -n "$launched" ] || return 1
  left=$lines$nl
  while [ -n "$left" ]; do
    line=\${left%%"$nl"*}
    left=\${left#*"$nl"}
    local_ref=\${line%% *} rest=\${line#* }
    local_id=\${rest%% *} rest=\${rest#* }
    remote_ref=\${rest%% *} remote_id=\${rest#* }
    [ "$local_ref $local_id $remote_ref $remote_id" = "$line" ] || return 1
    id "$local_id" && id "$remote_id" || return 1
    case $local_id in *[!0]*) ;; *) return 1 ;; esac
    case $local_ref in '' | '(delete)' | refs/tags/*) return 1 ;; esac
    case $remote_ref in refs/heads/?*) ;; *) return 1 ;; esac
    case $line in *[!\\ [:graph:]]*) return 1 ;; esac
    case $accepted in *"$nl"ok\\ "$1"\\ "$2"\\ "$remote_ref"\\ "$local_id$nl"*) ;; *) return 1 ;; esac
  done
}
if accepted_before "$@" 2>/dev/null; then exit "$code"; fi
`;
