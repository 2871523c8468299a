/** What each shell has to be told; all of them ask `mooring __complete`. */

export const shells = ["bash", "zsh", "fish"] as const;
export type Shell = (typeof shells)[number];

/** Works with the bash 3.2 of macOS, and without the package bash-completion. */
const bash = `# bash completion for mooring
_mooring() {
  local line directive candidates=() words=("\${COMP_WORDS[@]:1:COMP_CWORD}")
  COMPREPLY=()
  while IFS= read -r line; do
    case "$line" in
      :[0-9]*) directive="\${line#:}" ;;
      ?*) candidates+=("\${line%%$'\\t'*}") ;;
    esac
  done < <("\${COMP_WORDS[0]}" __complete -- "\${words[@]}" 2>/dev/null)
  local current="\${COMP_WORDS[COMP_CWORD]}"
  if [ "$directive" = 0 ]; then
    compopt -o filenames 2>/dev/null
    while IFS= read -r line; do COMPREPLY+=("$line"); done < <(compgen -f -- "$current")
    return
  fi
  # A word that holds a = counts as several here: only what follows it is completed.
  case "\${COMP_WORDS[COMP_CWORD - 1]}$current" in
    *=*) candidates=("\${candidates[@]#*=}") ;;
  esac
  COMPREPLY=("\${candidates[@]}")
}
complete -F _mooring mooring
`;

const zsh = `#compdef mooring
# zsh completion for mooring
_mooring() {
  local line directive
  local -a candidates
  while IFS= read -r line; do
    case "$line" in
      :[0-9]*) directive="\${line#:}" ;;
      ?*) candidates+=("\${\${line//:/\\\\:}/$'\\t'/:}") ;;
    esac
  done < <(\${words[1]} __complete -- "\${(@)words[2,$CURRENT]}" 2>/dev/null)
  if [[ "$directive" == 0 ]]; then
    _files
  else
    _describe mooring candidates
  fi
}
if [[ "\${funcstack[1]}" == _mooring ]]; then
  _mooring "$@"
else
  compdef _mooring mooring
fi
`;

const fish = `# fish completion for mooring
function __mooring_complete
    set -l words (commandline -opc) (commandline -ct)
    for line in ($words[1] __complete -- $words[2..-1] 2>/dev/null)
        switch $line
            case ':0'
                __fish_complete_path (commandline -ct)
            case ':*'
            case '*'
                echo $line
        end
    end
end
complete -c mooring -f -a '(__mooring_complete)'
`;

export const scripts: Readonly<Record<Shell, string>> = { bash, zsh, fish };
