/** Completion for zsh, with what each word is beside it. */
import { quoted, type Shell } from './shell.ts';

export const zsh: Shell = {
  name: 'zsh',
  install: 'source <(lockstep completion zsh)',
  script: ({ node, main }) => `#compdef lockstep
# zsh completion for lockstep. In ~/.zshrc, after compinit: source <(lockstep completion zsh)
_lockstep() {
  local -a lines shown
  local line tab=$'\\t' mode
  lines=("\${(@f)$(${quoted(node)} ${quoted(main)} __complete -- "\${(@Q)words[2,CURRENT]}" 2>/dev/null)}")
  mode=$lines[1]
  case $mode in
    files)
      compset -P '--[^=]#='
      _files
      return
      ;;
    folders)
      compset -P '--[^=]#='
      _files -/
      return
      ;;
  esac
  for line in "\${(@)lines[2,-1]}"; do
    shown+=("\${\${line%%$tab*}//:/\\\\:}:\${line#*$tab}")
  done
  (( $#shown )) || return 1
  _describe -t lockstep lockstep shown
}
if [ "$funcstack[1]" = _lockstep ]; then
  _lockstep "$@"
else
  compdef _lockstep lockstep
fi
`,
};
