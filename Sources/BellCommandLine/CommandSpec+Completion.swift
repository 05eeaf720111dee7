/// Shells for which there is a completion script.
public enum Shell: String, CaseIterable, Sendable { case bash, zsh, fish }

extension CommandSpec {
    /// A completion script for a shell.
    public func completionScript(_ shell: Shell) -> String {
        switch shell {
        case .bash: bashScript
        case .zsh:
            // zsh runs bash's completions after bashcompinit; one script to keep right. It must not have a variable
            // named `path`, which zsh ties to PATH.
            "#compdef \(name)\nautoload -U +X bashcompinit && bashcompinit\n" + bashScript
        case .fish: fishScript
        }
    }

    /// Every command with the words that may follow it.
    private func nodes(_ path: [String] = []) -> [(path: [String], command: CommandSpec)] {
        [(path, self)] + subcommands.flatMap { $0.nodes(path + [$0.name]) }
    }

    private var bashScript: String {
        var cases = ""
        for (path, command) in nodes() {
            let words = command.subcommands.map(\.name) + command.options.map { "--\($0.name)" } + ["--help"]
            cases += "        \"\(path.joined(separator: " "))\") words=\"\(words.joined(separator: " "))\" ;;\n"
        }
        var values = ""
        for (path, command) in nodes() {
            for option in command.options where option.placeholder != nil {
                let key = "\(path.joined(separator: " "))|--\(option.name)"
                let words = option.allowed.joined(separator: " ")
                values +=
                    "        \"\(key)\") COMPREPLY=($(compgen \(words.isEmpty ? "-f" : "-W \"\(words)\"") -- \"$current\")); return ;;\n"
            }
        }
        return """
            # Completion for \(name): source <(\(name) completion bash)
            _\(name)() {
                local current="${COMP_WORDS[COMP_CWORD]}" previous="${COMP_WORDS[COMP_CWORD-1]}" typed="" words="" word i
                for ((i = 1; i < COMP_CWORD; i++)); do
                    word="${typed:+$typed }${COMP_WORDS[i]}"
                    case "|\(nodes().dropFirst().map { $0.path.joined(separator: " ") }.joined(separator: "|"))|" in
                    *"|$word|"*) typed="$word" ;;
                    esac
                done
                case "$typed|$previous" in
            \(values)    esac
                case "$typed" in
            \(cases)    esac
                COMPREPLY=($(compgen -W "$words" -- "$current"))
                [ ${#COMPREPLY[@]} -eq 0 ] && COMPREPLY=($(compgen -f -- "$current"))
            }
            complete -F _\(name) \(name)

            """
    }

    private var fishScript: String {
        func quoted(_ text: String) -> String { "'" + text.replacing("'", with: "\\'") + "'" }
        var text = "# Completion for \(name): \(name) completion fish | source\n"
        for (path, command) in nodes() {
            let seen = path.map { "__fish_seen_subcommand_from \($0)" }
            let unseen =
                command.subcommands.isEmpty
                ? [] : ["not __fish_seen_subcommand_from \(command.subcommands.map(\.name).joined(separator: " "))"]
            let conditions = (seen + unseen).joined(separator: "; and ")
            let condition = conditions.isEmpty ? "" : " -n \(quoted(conditions))"
            for sub in command.subcommands {
                text += "complete -c \(name)\(condition) -f -a \(sub.name) -d \(quoted(sub.summary))\n"
            }
            for option in command.options {
                let short = option.short.map { " -s \($0)" } ?? ""
                let needs =
                    option.placeholder == nil
                    ? "" : option.allowed.isEmpty ? " -r" : " -x -a \(quoted(option.allowed.joined(separator: " ")))"
                text +=
                    "complete -c \(name)\(condition) -l \(option.name)\(short)\(needs) -d \(quoted(option.summary))\n"
            }
        }
        return text
    }
}
