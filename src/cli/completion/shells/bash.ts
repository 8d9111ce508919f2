/** Completion for bash, 3.2 and later: names only, for bash shows no descriptions. */
import { quoted, type Shell } from './shell.ts';

export const bash: Shell = {
  name: 'bash',
  install: 'source <(lockstep completion bash)',
  script: ({ node, main }) => `# bash completion for lockstep. In ~/.bashrc: source <(lockstep completion bash)
_lockstep() {
  local line mode='' tab=$'\\t' cur="\${COMP_WORDS[COMP_CWORD]}"
  COMPREPLY=()
  [ "$cur" = '=' ] && cur=''
  while IFS= read -r line; do
    if [ -z "$mode" ]; then mode=$line; else COMPREPLY+=("$(printf '%q' "\${line%%"$tab"*}")"); fi
  done < <(${quoted(node)} ${quoted(main)} __complete -- "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)
  case $mode in
    files | folders)
      type compopt >/dev/null 2>&1 && compopt -o filenames
      local flag=-f
      [ "$mode" = folders ] && flag=-d
      while IFS= read -r line; do COMPREPLY+=("$line"); done < <(compgen "$flag" -- "$cur")
      ;;
  esac
}
complete -F _lockstep lockstep
`,
};
