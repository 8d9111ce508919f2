/** Completion for fish, with what each word is beside it. */
import type { Shell } from './shell.ts';

/** fish reads a backslash between single quotes. */
const quoted = (text: string): string => `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;

export const fish: Shell = {
  name: 'fish',
  install: 'lockstep completion fish | source',
  script: ({ node, main }) => `# fish completion for lockstep. In config.fish: lockstep completion fish | source
function __lockstep_complete
    set -l before (commandline -opc)
    set -l current (commandline -ct)
    test (count $current) -gt 0; or set current ''
    set -l lines (${quoted(node)} ${quoted(main)} __complete -- $before[2..-1] $current 2>/dev/null)
    switch "$lines[1]"
        case files
            __fish_complete_path "$current"
        case folders
            __fish_complete_directories "$current"
        case words
            test (count $lines) -gt 1; and printf '%s\\n' $lines[2..-1]
    end
end
complete -c lockstep -f -a '(__lockstep_complete)'
`,
};
