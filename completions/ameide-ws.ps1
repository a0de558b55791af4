# Written by `ameide-ws completion powershell`.
Register-ArgumentCompleter -Native -CommandName ameide-ws -ScriptBlock {
    param($word, $tree, $position)
    $typed = @($tree.CommandElements | Where-Object { $_.Extent.EndOffset -lt $position } |
        ForEach-Object { $_.ToString() })
    $before = $typed[-1]
    $takesValue = @('--url', '-o', '--color', '--ca-file', '--timeout', '--template', '--param', '--params-file', '--preset', '--wait', '--status', '--port', '--story', '--editor')
    $plain = @()
    for ($i = 1; $i -lt $typed.Count; $i++) {
        if ($takesValue -ccontains $typed[$i]) { $i++ }
        elseif (-not $typed[$i].StartsWith('-')) { $plain += $typed[$i] }
    }
    $choices = switch -CaseSensitive ($before) {
        { @('--url') -ccontains $_ } { @(); break }
        { @('-o') -ccontains $_ } { @('table', 'wide', 'json', 'jsonl', 'name'); break }
        { @('--color') -ccontains $_ } { @('auto', 'always', 'never'); break }
        { @('--ca-file') -ccontains $_ } { Get-ChildItem -Name -Path "$word*"; break }
        { @('--timeout') -ccontains $_ } { @(); break }
        { @('--template') -ccontains $_ } { @(); break }
        { @('--param') -ccontains $_ } { @(); break }
        { @('--params-file') -ccontains $_ } { Get-ChildItem -Name -Path "$word*"; break }
        { @('--preset') -ccontains $_ } { @(); break }
        { @('--wait') -ccontains $_ } { @('build', 'agent', 'scripts', 'editor'); break }
        { @('--status') -ccontains $_ } { @('pending', 'starting', 'running', 'stopping', 'stopped', 'failed', 'canceling', 'canceled', 'deleting', 'deleted'); break }
        { @('--port') -ccontains $_ } { @(); break }
        { @('--story') -ccontains $_ } { @('good-morning', 'long-queue', 'no-provisioner', 'build-fails', 'no-quota', 'missing-variable', 'agent-never-connects', 'script-fails', 'editor-never-listens', 'stopped-meanwhile', 'deleted-meanwhile', 'canceled-meanwhile', 'github-not-linked'); break }
        { @('--editor') -ccontains $_ } { Get-ChildItem -Name -Path "$word*"; break }
        default {
            if ($word.StartsWith('-')) {
                switch ($plain[0]) {
                    'up' { @('--template', '--param', '--params-file', '--preset', '--update', '--no-update', '--open', '--no-open', '--plan', '--detach', '--wait', '--url', '--json', '-o', '-q', '--quiet', '-v', '--verbose', '--debug', '--no-input', '--color', '--ca-file', '--insecure-http', '--timeout', '--sandbox', '-h', '--help') }
                    'list' { @('--all', '--template', '--status', '--url', '--json', '-o', '-q', '--quiet', '-v', '--verbose', '--debug', '--no-input', '--color', '--ca-file', '--insecure-http', '--timeout', '--sandbox', '-h', '--help') }
                    'show' { @('--url', '--json', '-o', '-q', '--quiet', '-v', '--verbose', '--debug', '--no-input', '--color', '--ca-file', '--insecure-http', '--timeout', '--sandbox', '-h', '--help') }
                    'sandbox' { @('--port', '--story', '--editor', '--url', '--json', '-o', '-q', '--quiet', '-v', '--verbose', '--debug', '--no-input', '--color', '--ca-file', '--insecure-http', '--timeout', '--sandbox', '-h', '--help') }
                    'completion' { @('--url', '--json', '-o', '-q', '--quiet', '-v', '--verbose', '--debug', '--no-input', '--color', '--ca-file', '--insecure-http', '--timeout', '--sandbox', '-h', '--help') }
                    'version' { @('--url', '--json', '-o', '-q', '--quiet', '-v', '--verbose', '--debug', '--no-input', '--color', '--ca-file', '--insecure-http', '--timeout', '--sandbox', '-h', '--help') }
                    'help' { @('--url', '--json', '-o', '-q', '--quiet', '-v', '--verbose', '--debug', '--no-input', '--color', '--ca-file', '--insecure-http', '--timeout', '--sandbox', '-h', '--help') }
                    default { @('--url', '--json', '-o', '-q', '--quiet', '-v', '--verbose', '--debug', '--no-input', '--color', '--ca-file', '--insecure-http', '--timeout', '--sandbox', '-h', '--help', '--version') }
                }
            } elseif ($plain.Count -eq 0) {
                @('up', 'list', 'show', 'sandbox', 'completion', 'version', 'help')
            } elseif ($plain.Count -eq 1) {
                switch ($plain[0]) {
                    'up' { ameide-ws __complete names 2>$null }
                    'show' { ameide-ws __complete names 2>$null }
                    'sandbox' { @('start', 'stop', 'status') }
                    'completion' { @('bash', 'zsh', 'fish', 'powershell') }
                    'help' { @('environment', 'exit-codes', 'json', 'sandbox', 'up', 'list', 'show', 'completion', 'version', 'help') }
                }
            }
        }
    }
    $choices | Where-Object { $_ -like "$word*" } | ForEach-Object {
        [System.Management.Automation.CompletionResult]::new($_, $_, 'ParameterValue', $_)
    }
}
