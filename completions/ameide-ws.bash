# Written by `ameide-ws completion bash`.
_ameide_ws() {
    local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD-1]} verb= first= i choices=
    for ((i = 1; i < COMP_CWORD; i++)); do
        case ${COMP_WORDS[i]} in
            --) return ;;
            --url|-o|--color|--ca-file|--timeout|--template|--param|--params-file|--preset|--wait|--status|--port|--story|--editor) ((i++)) ;;
            -*) ;;
            *) if [[ -z $verb ]]; then verb=${COMP_WORDS[i]}; else first=${COMP_WORDS[i]}; fi ;;
        esac
    done
    case $before in
        --url) COMPREPLY=(); return ;;
        -o) COMPREPLY=($(compgen -W "table wide json jsonl name" -- "$word")); return ;;
        --color) COMPREPLY=($(compgen -W "auto always never" -- "$word")); return ;;
        --ca-file) COMPREPLY=($(compgen -f -- "$word")); return ;;
        --timeout) COMPREPLY=(); return ;;
        --template) COMPREPLY=(); return ;;
        --param) COMPREPLY=(); return ;;
        --params-file) COMPREPLY=($(compgen -f -- "$word")); return ;;
        --preset) COMPREPLY=(); return ;;
        --wait) COMPREPLY=($(compgen -W "build agent scripts editor" -- "$word")); return ;;
        --status) COMPREPLY=($(compgen -W "pending starting running stopping stopped failed canceling canceled deleting deleted" -- "$word")); return ;;
        --port) COMPREPLY=(); return ;;
        --story) COMPREPLY=($(compgen -W "good-morning long-queue no-provisioner build-fails no-quota missing-variable agent-never-connects script-fails editor-never-listens stopped-meanwhile deleted-meanwhile canceled-meanwhile github-not-linked" -- "$word")); return ;;
        --editor) COMPREPLY=($(compgen -f -- "$word")); return ;;
    esac
    if [[ $word == -* ]]; then
        case $verb in
            '') choices="--url --json -o -q --quiet -v --verbose --debug --no-input --color --ca-file --insecure-http --timeout --sandbox -h --help --version" ;;
            up) choices="--template --param --params-file --preset --update --no-update --open --no-open --plan --detach --wait --url --json -o -q --quiet -v --verbose --debug --no-input --color --ca-file --insecure-http --timeout --sandbox -h --help" ;;
            list) choices="--all --template --status --url --json -o -q --quiet -v --verbose --debug --no-input --color --ca-file --insecure-http --timeout --sandbox -h --help" ;;
            show) choices="--url --json -o -q --quiet -v --verbose --debug --no-input --color --ca-file --insecure-http --timeout --sandbox -h --help" ;;
            sandbox) choices="--port --story --editor --url --json -o -q --quiet -v --verbose --debug --no-input --color --ca-file --insecure-http --timeout --sandbox -h --help" ;;
            completion) choices="--url --json -o -q --quiet -v --verbose --debug --no-input --color --ca-file --insecure-http --timeout --sandbox -h --help" ;;
            version) choices="--url --json -o -q --quiet -v --verbose --debug --no-input --color --ca-file --insecure-http --timeout --sandbox -h --help" ;;
            help) choices="--url --json -o -q --quiet -v --verbose --debug --no-input --color --ca-file --insecure-http --timeout --sandbox -h --help" ;;
        esac
    elif [[ -z $verb ]]; then
        choices="up list show sandbox completion version help"
    elif [[ -z $first ]]; then
        case $verb in
            up) choices="$(ameide-ws __complete names 2>/dev/null)" ;;
            show) choices="$(ameide-ws __complete names 2>/dev/null)" ;;
            sandbox) choices="start stop status" ;;
            completion) choices="bash zsh fish powershell" ;;
            help) choices="environment exit-codes json sandbox up list show completion version help" ;;
        esac
    fi
    COMPREPLY=($(compgen -W "$choices" -- "$word"))
}
complete -F _ameide_ws ameide-ws
